"""`./dev bench tracing`: what watching statements, and traces, cost a request; every way takes its turn in each round.

The whole program is called in a process of its own, without server and sockets, as in `stages`. What is compared is processor
time of a request, the exporting thread included: it moves less than speed while the machine is busy.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from .databases import stores
from .seeding import make_keys, seed
from .stages import calls, lifespan
from .subjects import mainspring_environment

WAYS: dict[str, dict[str, str]] = {
    "unwatched": {},  # as if statements had no figures and could not be slow
    "off": {},
    "a tenth": {"OTEL_TRACES_SAMPLER_ARG": "0.1"},
    "all": {"OTEL_TRACES_SAMPLER_ARG": "1.0"},
}
DEEDS = ("list", "create")
WARM_UP = 1.0


def main(arguments: list[str]) -> int:
    """Measure and print; 0."""
    parser = argparse.ArgumentParser("./dev bench tracing", description="What traces cost a request.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--only", choices=["postgresql", "sqlite"], nargs="+", default=["postgresql", "sqlite"])
    parser.add_argument("--postgresql", metavar="URL")
    options = parser.parse_args(arguments)
    found: dict[tuple[str, str, str], list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="mainspring-bench-") as name, collector() as endpoint:
        folder = Path(name)
        keys = make_keys(folder / "keys")
        with stores(options.only, folder, options.postgresql) as databases:
            for store in databases:
                tokens = seed(store.seeded, keys, folder / f"seed-{store.name}")
                for number in range(options.rounds):
                    for way in list(WAYS) if number % 2 else list(WAYS)[::-1]:
                        for deed in DEEDS:
                            environment = mainspring_environment(store.fresh(), keys, folder) | WAYS[way]
                            if "OTEL_TRACES_SAMPLER_ARG" in environment:
                                environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = endpoint
                            spent = measured(way, deed, tokens, options.seconds, environment)
                            found.setdefault((store.name, deed, way), []).append(spent)
                    print(f"{store.name}: round {number + 1} of {options.rounds}", file=sys.stderr, flush=True)
    print(table(found))
    return 0


def measured(way: str, deed: str, tokens: Path, seconds: float, environment: dict[str, str]) -> float:
    """Microseconds of one request."""
    command = [sys.executable, "-m", "benchmarks.tracing", way, deed, str(tokens), str(seconds)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, cwd=Path(__file__).parents[1])
    if done.returncode:
        raise RuntimeError(f"{way} was not measured:\n{done.stdout[-1000:]}{done.stderr[-2000:]}")
    spent: float = json.loads(done.stdout)
    return spent


def table(found: dict[tuple[str, str, str], list[float]]) -> str:
    """Medians, and the median of the rounds' own ratios to traces that are off."""
    lines = ["store       deed    way        µs a request  ratio to off"]
    for (store, deed, way), spent in sorted(found.items(), key=lambda one: (one[0][0], one[0][1], list(WAYS).index(one[0][2]))):
        ratios = [mine / off for mine, off in zip(spent, found[store, deed, "off"], strict=True)]
        lines.append(f"{store:<11} {deed:<7} {way:<10} {statistics.median(spent):>12.1f}  {statistics.median(ratios):>12.3f}")
    return "\n".join(lines)


@contextmanager
def collector() -> Iterator[str]:
    """Takes whatever is sent and throws it away; the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


async def measure(way: str, deed: str, tokens: list[str], seconds: float) -> float:
    """In this process, one way."""
    from mainspring.core.application import create_application
    from mainspring.core.database import Database
    from mainspring.core.observability import batch_logs, configure_logs
    from mainspring.core.settings import load_settings
    from mainspring.entrypoints.http import create_app

    settings = load_settings()
    configure_logs(settings)
    batch_logs()
    if way == "unwatched":
        Database._told = lambda self, session, context: session  # type: ignore[method-assign]
    app = create_app(create_application(settings))
    started, ending = asyncio.Event(), asyncio.Event()
    living = asyncio.create_task(lifespan(app, started, ending))
    await asyncio.wait([living, asyncio.create_task(started.wait())], return_when=asyncio.FIRST_COMPLETED)
    await calls(app, deed, tokens, WARM_UP)
    _, spent = await calls(app, deed, tokens, seconds)
    ending.set()
    await living
    return spent


if __name__ == "__main__":
    import uvloop

    answers = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the access log is written, and read by nobody
    spent = uvloop.run(measure(sys.argv[1], sys.argv[2], Path(sys.argv[3]).read_text().split(), float(sys.argv[4])))
    os.write(answers, json.dumps(spent).encode())
