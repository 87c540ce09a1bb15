"""`python -m mainspring`: the same as the command `mainspring`."""

from mainspring.entrypoints.cli import main

main()
