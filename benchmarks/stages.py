"""Where the microseconds of a request go: `python -m benchmarks.stages list|create TOKENS`, run by the harness.

The whole program is called in this process, without server and sockets, by 32 callers at once. A timer that counts processor time
interrupts it a thousand times a second; the innermost frame that belongs to a stage gets the sample. So the shares are those of
the process's own work; what the database does elsewhere is not in them.
"""

import asyncio
import json
import os
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

CALLERS, SECONDS, WARM_UP = 32, 4.0, 1.0
CREATE = b'{"name":"stage-%08d","description":"A thing that is quite useful about the house","category":"garden",'
CREATE += b'"price":{"amount":1999,"currency":"EUR"},"stock":5}'
STAGES = (  # the first part of a path that fits names the stage
    ("benchmarks/stages.py", "the caller of this measurement"),
    ("core/database/postgresql/wire.py", "database driver"),
    ("core/database/sqlite/", "database driver"),
    ("asyncpg/", "database driver"),
    ("core/database/building.py", "rows"),
    ("<string>", "rows"),  # the functions that core/database writes for each statement
    ("core/database/", "unit of work"),
    ("core/http/middleware/access_log.py", "access log"),
    ("core/observability/", "access log"),
    ("structlog/", "access log"),
    ("core/http/middleware/", "middleware and headers"),
    ("core/http/parameters.py", "parameters and body"),
    ("core/http/bod", "parameters and body"),
    ("core/http/rendering.py", "answer to JSON"),
    ("core/http/pages.py", "list query and page"),
    ("core/http/cursors.py", "list query and page"),
    ("core/http/", "dispatch and plan"),
    ("core/security/", "who, and may they"),
    ("core/audit/", "audit and events"),
    ("core/events/", "audit and events"),
    ("mainspring/modules/", "route, service, repository"),
    ("mainspring/core/", "dispatch and plan"),
    ("benchmarks/", "the ceiling"),
)
FOUND: dict[Any, str] = {}
samples: Counter[str] = Counter()


def stage_of(frame: FrameType | None) -> str:
    """The stage of the innermost frame that has one."""
    while frame is not None:
        code = frame.f_code
        stage = FOUND.get(code)
        if stage is None:
            stage = FOUND[code] = next((stage for part, stage in STAGES if part in code.co_filename), "")
        if stage:
            return stage
        frame = frame.f_back
    return "event loop"


def sample(signal_number: int, frame: FrameType | None) -> None:
    samples[stage_of(frame)] += 1


async def measure(app: Any, deed: str, tokens: list[str]) -> dict[str, Any]:
    """Call `app` for a while; microseconds of processor time per request, in all and by stage."""
    turn = 0
    ending = time.perf_counter() + WARM_UP
    refused: Counter[int] = Counter()

    async def caller() -> None:
        nonlocal turn
        while time.perf_counter() < ending:
            turn += 1
            body = CREATE % turn if deed == "create" else b""
            scope = scope_for(deed, tokens[turn % len(tokens)], len(body))
            status = await call(app, scope, body)
            if not 200 <= status < 300:
                refused[status] += 1

    await asyncio.gather(*[caller() for _ in range(CALLERS)])
    samples.clear()
    turn, ending = turn + 1, time.perf_counter() + SECONDS
    first, used = turn, time.process_time()
    signal.setitimer(signal.ITIMER_PROF, 0.001, 0.001)
    await asyncio.gather(*[caller() for _ in range(CALLERS)])
    signal.setitimer(signal.ITIMER_PROF, 0)
    used, requests = time.process_time() - used, turn - first
    if refused:
        raise SystemExit(f"Refused while measuring the stages: {dict(refused)}")
    total, seen = used * 1e6 / requests, sum(samples.values())
    stages = {name: total * count / seen for name, count in samples.most_common()}
    return {"requests": requests, "microseconds": total, "stages": stages}


def scope_for(deed: str, token: str, length: int) -> dict[str, Any]:
    """What the server would make of wrk's request."""
    headers = [(b"host", b"127.0.0.1:8000"), (b"accept", b"*/*"), (b"authorization", b"Bearer " + token.encode())]
    if deed == "create":
        headers += [(b"content-type", b"application/json"), (b"content-length", b"%d" % length)]
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "POST" if deed == "create" else "GET",
        "scheme": "http",
        "path": "/api/v1/products",
        "raw_path": b"/api/v1/products",
        "query_string": b"" if deed == "create" else b"cursor=&limit=20&sort=-createdAt",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", 8000),
        "state": {},
        "extensions": {},
    }


async def call(app: Any, scope: dict[str, Any], body: bytes) -> int:
    """One request; its status."""
    status = 0

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]

    await app(scope, receive, send)
    return status


async def lifespan(app: Any, started: asyncio.Event, ending: asyncio.Event) -> None:
    """Start the program as a server does, and stop it."""
    stages = iter(("lifespan.startup", "lifespan.shutdown"))

    async def receive() -> dict[str, Any]:
        stage = next(stages)
        if stage == "lifespan.shutdown":
            await ending.wait()
        return {"type": stage}

    async def send(message: dict[str, Any]) -> None:
        if message["type"].endswith(".failed"):
            raise SystemExit(f"The program did not start: {message.get('message')}")
        started.set()

    await app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send)


async def main(subject: str, deed: str, tokens: list[str]) -> None:
    answers = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the access log is written, and read by nobody
    if subject == "ceiling":
        from .ceiling import app
    else:
        from mainspring.core.application import create_application
        from mainspring.core.settings import load_settings
        from mainspring.entrypoints.http import create_app

        app = create_app(create_application(load_settings()))  # type: ignore[assignment]
    started, ending = asyncio.Event(), asyncio.Event()
    living = asyncio.create_task(lifespan(app, started, ending))
    await asyncio.wait([living, asyncio.create_task(started.wait())], return_when=asyncio.FIRST_COMPLETED)
    result = await measure(app, deed, tokens)
    ending.set()
    await living
    os.write(answers, json.dumps(result).encode())


if __name__ == "__main__":
    import uvloop

    signal.signal(signal.SIGPROF, sample)
    uvloop.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]).read_text().split()))
