"""`./dev bench jobs`: our jobs beside Procrastinate, SAQ and DBOS, in one run."""

import argparse
import asyncio
import json
import os
import platform
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from .databases import execute, find_postgresql
from .queues.environment import ROOT, make_environment, versions
from .queues.report import OURS, OURS_EMBEDDED, Rounds, promises, table
from .seeding import make_keys
from .subjects import mainspring_environment

REDIS = "redis://127.0.0.1:6379/0"


@dataclass(frozen=True, slots=True)
class Entrant:
    """A contender on a store: the module that speaks to it, and whether it runs in our own environment."""

    name: str
    module: str
    store: str

    @property
    def ours(self) -> bool:
        return self.module == "mainspring"


ENTRANTS = (
    Entrant(OURS, "mainspring", "postgresql"),
    Entrant(OURS_EMBEDDED, "mainspring", "sqlite"),
    Entrant("Procrastinate PostgreSQL", "procrastinate", "postgresql"),
    Entrant("SAQ Redis", "saq", "redis"),
    Entrant("SAQ PostgreSQL", "saq", "postgresql"),
    Entrant("DBOS PostgreSQL", "dbos", "postgresql"),
)


def main(arguments: list[str]) -> int:
    """Measure and report. 0 when every promise was kept, 1 when one was missed."""
    options = read(arguments)
    chosen = [one for one in ENTRANTS if options.only is None or one.module in options.only]
    told: dict[str, str] = {}
    rounds: Rounds = {one.name: {} for one in chosen}
    python = make_environment(options.environment, anew=options.renew) if any(not one.ours for one in chosen) else None
    loads: list[float] = []
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mainspring-jobs-") as name:
        for number in range(1, options.rounds + 1):
            loads.append(os.getloadavg()[0])
            shift = number % len(chosen)  # nobody always runs first
            for entrant in chosen[shift:] + chosen[:shift]:
                if entrant.name in told:
                    continue
                folder = Path(name) / f"{number}-{entrant.module}-{entrant.store}"
                folder.mkdir()
                try:
                    rounds[entrant.name][number] = run(entrant, python or Path(sys.executable), folder, options)
                except DidNotRun as reason:
                    if entrant.ours:
                        raise SystemExit(str(reason)) from None
                    told[entrant.name] = str(reason)
                print(f"round {number}, {entrant.name}, {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
    print(table(rounds) + "\n")
    for sentence, kept in promises(rounds):
        print(f"{'kept  ' if kept else 'MISSED'}  {sentence}")
    for entrant_name, reason in told.items():
        print(f"DID NOT RUN  {entrant_name}: {reason}")
    write(options, rounds, told, loads, versions(python) if python else {})
    return int(not all(kept for _, kept in promises(rounds)))


class DidNotRun(RuntimeError):
    """A contender that could not be measured, and why."""


def run(entrant: Entrant, python: Path, folder: Path, options: argparse.Namespace) -> dict[str, object]:
    """One round of one contender, on stores of its own that are dropped afterwards. Raises DidNotRun."""
    mark = f"jobs_bench_{secrets.token_hex(4)}"
    server = None if entrant.ours and entrant.store == "sqlite" else options.postgresql or find_postgresql()
    environment = {key: value for key, value in os.environ.items() if key in ("PATH", "HOME", "LANG", "TMPDIR")}
    environment["BENCH_NAME"] = mark
    if entrant.store == "redis":
        if not answers(options.redis):
            raise DidNotRun(f"no Redis answers at {options.redis}")
        environment["BENCH_REDIS"] = options.redis
    url = f"sqlite:///{folder}/jobs.db" if server is None else urlunsplit(urlsplit(server)._replace(path=f"/{mark}"))
    environment["BENCH_URL"] = url
    if entrant.ours:
        environment |= mainspring_environment(url, make_keys(folder / "keys"), folder)
        python = Path(sys.executable)
    if server is not None:
        asyncio.run(execute(server, f"CREATE DATABASE {mark}"))
    asked = {name: getattr(options, name) for name in ("enqueues", "starts", "jobs", "concurrency")}
    command = [str(python), "-m", "benchmarks.queues", entrant.module, "measure", json.dumps(asked)]
    try:
        done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=options.longest)
    except subprocess.TimeoutExpired:
        raise DidNotRun(f"it had not ended after {options.longest} s") from None
    finally:
        if server is not None:
            asyncio.run(execute(server, f"DROP DATABASE IF EXISTS {mark} WITH (FORCE)"))
    if done.returncode:
        last = [line for line in done.stderr.strip().splitlines() if line.strip()][-1:]
        (options.output.parent / f"jobs-{entrant.module}-{entrant.store}.log").write_text(done.stderr)
        raise DidNotRun((last or ["it ended without a word"])[0])
    found: dict[str, object] = json.loads(done.stdout)
    return found


def answers(url: str) -> bool:
    """Whether something listens where the URL points."""
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 6379), timeout=2).close()
    except OSError:
        return False
    return True


def write(options: argparse.Namespace, rounds: Rounds, told: dict[str, str], loads: list[float], found: dict[str, str]) -> None:
    """Everything, each round on its own."""
    document = {
        "options": {name: str(value) for name, value in vars(options).items()},
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load_average_before_each_round": loads,
        "versions": found,
        "did_not_run": told,
        "promises": [{"promise": sentence, "kept": kept} for sentence, kept in promises(rounds)],
        "rounds": rounds,
    }
    options.output.write_text(json.dumps(document, indent=1) + "\n")
    print(f"\nWritten to {options.output}")


def read(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("./dev bench jobs", description="Measure jobs beside Procrastinate, SAQ and DBOS.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--enqueues", type=int, default=500, help="transactions of each kind in a round")
    parser.add_argument("--starts", type=int, default=100, help="jobs of which the start is timed, here and elsewhere")
    parser.add_argument("--jobs", type=int, default=5000, help="empty jobs of one run of throughput; slow ones get a part of it")
    parser.add_argument("--concurrency", type=int, default=10, help="the same for all, beside each one's own default")
    parser.add_argument("--only", nargs="+", choices=sorted({one.module for one in ENTRANTS}))
    parser.add_argument("--postgresql", metavar="URL", help="a server on which databases may be created")
    parser.add_argument("--redis", metavar="URL", default=os.environ.get("TEST_REDIS_URL", REDIS))
    parser.add_argument("--environment", type=Path, default=ROOT / ".venv-bench-jobs", help="where the others are installed")
    parser.add_argument("--renew", action="store_true", help="install the others anew")
    parser.add_argument("--longest", type=int, default=300, help="seconds after which a contender counts as stuck")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "results-jobs.json")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
