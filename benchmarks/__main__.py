"""The one command: `./dev bench` or `python -m benchmarks`; with a word of OTHERS it measures that instead."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from .checking import Sampler, check_creates, check_window
from .databases import Store, stores
from .load import find_wrk, run_window
from .report import Measured, Results, floors, stage_table, table, void, write_json
from .seeding import make_keys, seed
from .subjects import Subject, ceiling, mainspring_environment, running

OTHERS = ("jobs", "mixed", "tracing", "cache")
SUBJECTS: tuple[Subject, ...] = ("ceiling", "mainspring")


def main() -> int:
    """Measure and report. 0 when every floor was kept, 1 when one was missed, 2 when the run is void."""
    options = arguments()
    find_wrk()
    results: Results = {}
    stages: dict[str, Any] = {}
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mainspring-bench-") as name:
        folder = Path(name)
        keys = make_keys(folder / "keys")
        with stores(options.only, folder, options.postgresql) as databases:
            tokens = {store.name: seed(store.seeded, keys, folder / f"seed-{store.name}") for store in databases}
            for number in range(1, options.rounds + 1):
                for store in databases:
                    for workers in options.workers:
                        for subject in SUBJECTS if number % 2 else SUBJECTS[::-1]:  # neither always runs first
                            if subject in options.subjects:
                                measure(results, store, workers, subject, keys, tokens[store.name], folder, options, number)
                print(f"round {number} of {options.rounds} after {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
            if options.stages:
                for store in databases:
                    for deed in ("list", "create"):
                        for subject in options.subjects:
                            found = stages_of(store, subject, deed, keys, tokens[store.name], folder)
                            stages[f"{store.name} {deed} {subject}"] = found
    told = void(results)
    print(table(results))
    if stages:
        print("\n" + stage_table(stages))
    print()
    for sentence, kept in floors(results):
        print(f"{'kept  ' if kept else 'MISSED'}  {sentence}")
    for sentence in told:
        print(f"VOID    {sentence}")
    chosen = {"rounds": options.rounds, "seconds": options.seconds, "cores": os.cpu_count(), "client": "wrk -t1 -c32"}
    write_json(options.output, results, stages, told, chosen)
    print(f"\nWritten to {options.output}")
    return 2 if told else int(not all(kept for _, kept in floors(results)))


def measure(
    results: Results,
    store: Store,
    workers: int,
    subject: Subject,
    keys: Path,
    tokens: Path,
    folder: Path,
    options: argparse.Namespace,
    number: int,
) -> None:
    """One server on a fresh copy of the data: a warm-up, a window of lists, a window of creates, and whether all was right."""
    measured = results.setdefault((store.name, workers, subject), Measured(store.name, workers, subject))
    url, prefix = store.fresh(), f"round{number}"
    with running(subject, url, workers, keys, folder) as server:
        measured.cold_starts.append(server.cold_start)
        time.sleep(0.5)
        measured.idle_memory.append(server.memory())
        run_window(server.url, "list", tokens, options.warm_up, server.pid, database=url)
        with Sampler(server.url, tokens):
            lists = run_window(server.url, "list", tokens, options.seconds, server.pid, database=url)
        check_window(lists)
        measured.lists.append(lists)
        creates = run_window(server.url, "create", tokens, options.seconds, server.pid, database=url, prefix=prefix)
        check_window(creates)
        check_creates(store, url, prefix, creates)
        measured.creates.append(creates)
        measured.loaded_memory.append(server.memory())


def stages_of(store: Store, subject: Subject, deed: str, keys: Path, tokens: Path, folder: Path) -> dict[str, Any]:
    """Where the microseconds go, measured in a process of its own."""
    url = store.fresh()
    if subject == "ceiling":
        _, environment = ceiling(url, 1, 0, keys, folder)
    else:
        environment = mainspring_environment(url, keys, folder)
    command = [sys.executable, "-m", "benchmarks.stages", subject, deed, str(tokens)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, cwd=Path(__file__).parents[1])
    if done.returncode:
        raise RuntimeError(f"The stages were not measured:\n{done.stdout[-1000:]}{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("./dev bench", description="Measure Mainspring beside the bare ceiling.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4, help="length of one window")
    parser.add_argument("--warm-up", type=float, default=1, help="seconds of load before the first window of a server")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--only", choices=["postgresql", "sqlite"], nargs="+", default=["postgresql", "sqlite"])
    parser.add_argument("--subjects", choices=SUBJECTS, nargs="+", default=list(SUBJECTS))
    parser.add_argument("--postgresql", metavar="URL", help="a server on which databases may be created")
    parser.add_argument("--no-stages", dest="stages", action="store_false", help="leave out where the microseconds go")
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results.json"))
    return parser.parse_args()


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in OTHERS:
        raise SystemExit(import_module(f".{sys.argv[1]}", __package__).main(sys.argv[2:]))
    raise SystemExit(main())
