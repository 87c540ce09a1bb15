"""A body must arrive in time, an answer must begin in time; a commit is never cut off."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from mainspring.core.http import Router, deadlines
from mainspring.core.http.app import HttpApp
from mainspring.core.security.guard import public
from tests.integration.http.widgets import NewWidget

Make = Any


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "EVERY_SECONDS", 0.05)


def routes(finished: list[str]) -> Router:
    router = Router(dependencies=[public])

    @router.get("/slow")
    async def slow() -> str:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            finished.append("cancelled")
            raise
        return "never"

    @router.get("/quick")
    async def quick() -> str:
        await asyncio.sleep(0.1)
        return "in time"

    @router.post("/body")
    async def body(body: NewWidget) -> str:
        return body.name

    return router


async def test_an_answer_that_takes_too_long_is_given_up(client: Make) -> None:
    finished: list[str] = []

    answer = await client(routes(finished), REQUEST_TIMEOUT="1s").get("/api/v1/slow")

    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "SERVICE_UNAVAILABLE")
    assert finished == ["cancelled"]


async def test_an_answer_in_time_is_left_alone(client: Make) -> None:
    assert (await client(routes([]), REQUEST_TIMEOUT="1s").get("/api/v1/quick")).json() == "in time"


async def test_a_body_that_does_not_arrive_is_given_up(client: Make) -> None:
    async def trickle() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(30)

    asked = client(routes([]), BODY_TIMEOUT="1s", REQUEST_TIMEOUT="20s")

    answer = await asked.post("/api/v1/body", content=trickle(), headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (408, "REQUEST_TIMEOUT")
    assert answer.headers["connection"] == "close"


async def test_nothing_is_watched_when_nothing_runs(programs: Make) -> None:
    program: HttpApp = programs(routes([]))
    watching = program._run.deadlines  # type: ignore[attr-defined]

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None: ...

    scope = {"type": "http", "method": "GET", "path": "/api/v1/quick", "query_string": b"", "headers": [], "client": None}
    await program(scope, receive, send)
    await asyncio.sleep(0.2)

    assert (watching.running, watching._timer) == (set(), None)


async def test_a_client_that_left_gets_no_answer(programs: Make) -> None:
    program: HttpApp = programs(routes([]))
    told: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        told.append(message)

    headers = [(b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/api/v1/body", "query_string": b"", "headers": headers, "client": None}
    await program(scope, receive, send)

    assert told == []
