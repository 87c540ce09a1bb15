"""Where the microseconds of a request go: `python -m benchmarks.stages SUBJECT list|create TOKENS`, run by the harness.

The whole program is called in this process, without server and sockets, by 32 callers at once: first as it is, for the time of a
request in all, then with `sys.monitoring` telling when each of our functions begins, yields, goes on and ends. The time between
belongs to the innermost function's stage, less what the telling costs; the stages are scaled to the first time. What runs while
none of our functions does is the event loop and the database driver's own code.
"""

import asyncio
import gc
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

CALLERS, SECONDS, WARM_UP = 32, 3.0, 1.0
LOOP = "event loop, asyncpg, garbage"
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
    ("core/http/row_rendering.py", "answer to JSON"),
    ("core/http/pages.py", "list query and page"),
    ("core/http/cursors.py", "list query and page"),
    ("core/http/schemas.py", "answer to JSON"),
    ("core/http/conditional.py", "answer to JSON"),
    ("core/http/", "dispatch and plan"),
    ("core/tasks.py", "unit of work"),
    ("core/ids.py", "unit of work"),
    ("core/clock.py", "unit of work"),
    ("core/security/", "who, and may they"),
    ("core/audit/", "audit and events"),
    ("core/events/", "audit and events"),
    ("mainspring/modules/", "route, service, repository"),
    ("mainspring/core/", "dispatch and plan"),
    ("benchmarks/", "the ceiling"),
)


EVENTS = sys.monitoring.events if sys.version_info >= (3, 12) else None


class Watch:
    """Adds up the time of each stage, told by the interpreter."""

    def __init__(self) -> None:
        self.spent: Counter[str] = Counter()
        self.told: Counter[str] = Counter()
        self.open: list[str] = []
        self.since = 0
        self.stages: dict[CodeType, str] = {}

    def start(self, codes: Iterable[CodeType]) -> None:
        """Watch the functions with this code, and no other."""
        watching = sys.monitoring
        watching.use_tool_id(watching.PROFILER_ID, "stages")
        for event in (EVENTS.PY_START, EVENTS.PY_RESUME):
            watching.register_callback(watching.PROFILER_ID, event, self.begins)
        for event in (EVENTS.PY_RETURN, EVENTS.PY_YIELD):
            watching.register_callback(watching.PROFILER_ID, event, self.ends)
        watching.register_callback(watching.PROFILER_ID, EVENTS.PY_UNWIND, self.unwinds)
        self.stages = {code: stage_of(code) for code in codes}
        for code in self.stages:
            watching.set_local_events(
                watching.PROFILER_ID, code, EVENTS.PY_START | EVENTS.PY_RESUME | EVENTS.PY_RETURN | EVENTS.PY_YIELD
            )
        watching.set_events(watching.PROFILER_ID, EVENTS.PY_UNWIND)
        self.since = time.perf_counter_ns()

    def stop(self) -> None:
        """Watch no more."""
        sys.monitoring.set_events(sys.monitoring.PROFILER_ID, 0)
        for code in self.stages:
            sys.monitoring.set_local_events(sys.monitoring.PROFILER_ID, code, 0)
        sys.monitoring.free_tool_id(sys.monitoring.PROFILER_ID)

    def begins(self, code: CodeType, offset: int) -> None:
        now, stage = time.perf_counter_ns(), self.open[-1] if self.open else LOOP
        self.spent[stage] += now - self.since
        self.told[stage] += 1
        self.open.append(self.stages[code])
        self.since = time.perf_counter_ns()

    def ends(self, code: CodeType, offset: int, value: object) -> None:
        now = time.perf_counter_ns()
        if self.open:
            stage = self.open.pop()
            self.spent[stage] += now - self.since
            self.told[stage] += 1
        self.since = time.perf_counter_ns()

    def unwinds(self, code: CodeType, offset: int, problem: BaseException) -> None:
        if code in self.stages:
            self.ends(code, offset, None)


def our_code() -> set[CodeType]:
    """The code of every function that has a stage."""
    gc.unfreeze()  # or the collector does not show what was set aside
    found = {code for one in gc.get_objects() if isinstance(one, FunctionType) for code in with_nested(one.__code__)}
    return {code for code in found if stage_of(code)}


def with_nested(code: CodeType) -> Iterator[CodeType]:
    """The code and that of the functions written inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from with_nested(constant)


def stage_of(code: CodeType) -> str:
    """The stage that a function belongs to; empty for code that is not ours."""
    return next((stage for part, stage in STAGES if part in code.co_filename), "")


async def measure(app: Any, deed: str, tokens: list[str]) -> dict[str, Any]:
    """Call `app` for a while; microseconds of processor time per request, in all and by stage."""
    await calls(app, deed, tokens, WARM_UP)
    requests, total = await calls(app, deed, tokens, SECONDS)
    if sys.version_info < (3, 12):
        return {"requests": requests, "microseconds": total, "stages": {}}
    each = cost_of_telling()
    watch = Watch()
    watch.start(our_code())
    watched, used = await calls(app, deed, tokens, SECONDS)
    watch.stop()
    watch.spent[LOOP] -= round(max(0.0, sum(watch.spent.values()) - used * 1000 * watched))  # the loop's idle turns
    raw = {name: max(0.0, spent - each * watch.told[name]) for name, spent in watch.spent.items()}
    scale = total / sum(raw.values())
    stages = {name: spent * scale for name, spent in sorted(raw.items(), key=lambda item: -item[1])}
    return {"requests": requests, "microseconds": total, "stages": stages}


def cost_of_telling() -> float:
    """Nanoseconds that one event adds to the stage in which it is told."""

    def nothing() -> None:
        return None

    def loop(times: int) -> float:
        since = time.perf_counter_ns()
        for _ in range(times):
            nothing()
        return (time.perf_counter_ns() - since) / times

    plain = min(loop(10_000) for _ in range(5))
    watch = Watch()
    watch.start([nothing.__code__])
    for _ in range(50_000):
        nothing()
    watch.stop()
    return max(0.0, sum(watch.spent.values()) / 100_000 - plain / 2)


async def calls(app: Any, deed: str, tokens: list[str], seconds: float) -> tuple[int, float]:
    """Call the program for so long; how often, and the microseconds of processor time of one call."""
    turn = 0
    refused: Counter[int] = Counter()
    used, ending = time.process_time(), time.perf_counter() + seconds

    async def caller() -> None:
        nonlocal turn
        while time.perf_counter() < ending:
            turn += 1
            body = CREATE % turn if deed == "create" else b""
            status = await call(app, scope_for(deed, tokens[turn % len(tokens)], len(body)), body)
            if not 200 <= status < 300:
                refused[status] += 1

    await asyncio.gather(*[caller() for _ in range(CALLERS)])
    if refused:
        raise SystemExit(f"Refused while measuring the stages: {dict(refused)}")
    return turn, (time.process_time() - used) * 1e6 / turn


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
        from mainspring.core.observability import batch_logs, configure_logs
        from mainspring.core.settings import load_settings
        from mainspring.entrypoints.http import create_app

        settings = load_settings()
        configure_logs(settings)
        batch_logs()
        app = create_app(create_application(settings))  # type: ignore[assignment]
    started, ending = asyncio.Event(), asyncio.Event()
    living = asyncio.create_task(lifespan(app, started, ending))
    await asyncio.wait([living, asyncio.create_task(started.wait())], return_when=asyncio.FIRST_COMPLETED)
    result = await measure(app, deed, tokens)
    ending.set()
    await living
    os.write(answers, json.dumps(result).encode())


if __name__ == "__main__":
    import uvloop

    uvloop.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]).read_text().split()))
