"""One contender in a process of its own: `python -m benchmarks.queues CONTENDER measure|worker ARGUMENT`."""

import importlib
import sys

from .measuring import main

if __name__ == "__main__":
    main(sys.argv[1], importlib.import_module(f".with_{sys.argv[1]}", __package__).CONTENDER, *sys.argv[2:4])
