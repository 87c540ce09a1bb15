"""What a module author may bring from FastAPI: streams, responses, forms, HTTPException, background tasks (D-51)."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest
from fastapi import BackgroundTasks, Form, HTTPException, Request, Response, UploadFile
from fastapi.responses import PlainTextResponse, StreamingResponse
from fastapi.sse import EventSourceResponse

from mainspring.core.http import Out, Router, WriteUnit
from mainspring.core.module import BootRefused
from mainspring.core.security.guard import CurrentUser, public, require_role
from tests.integration.http.widgets import ADA

Make = Any


class Tick(Out):
    number: int


async def ticks() -> AsyncIterator[Tick]:
    for number in range(3):
        yield Tick(number=number)


def routes(done: list[str]) -> Router:
    router = Router(dependencies=[public])

    @router.get("/lines")
    async def lines(caller: CurrentUser) -> AsyncIterator[Tick]:
        async for tick in ticks():
            yield tick

    @router.get("/events", response_class=EventSourceResponse)
    async def events() -> AsyncIterator[Tick]:
        async for tick in ticks():
            yield tick

    @router.get("/stream")
    async def stream() -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            yield b"a"
            yield b"b"

        return StreamingResponse(parts(), media_type="text/plain")

    @router.get("/text")
    async def text(response: Response) -> PlainTextResponse:
        response.headers["X-From"] = "parameter"
        return PlainTextResponse("plain", headers={"Referrer-Policy": "origin"})

    @router.post("/form")
    async def form(name: Annotated[str, Form()], age: Annotated[int, Form()] = 1) -> list[str]:
        return [name, str(age)]

    @router.post("/upload")
    async def upload(file: UploadFile) -> int:
        return len(await file.read())

    @router.post("/raw")
    async def raw(request: Request) -> int:
        return len(await request.body())

    @router.post("/later")
    async def later(tasks: BackgroundTasks) -> int:
        tasks.add_task(done.append, "afterwards")
        return 1

    @router.get("/raised/{status}")
    async def raised(status: int) -> int:
        raise HTTPException(status, "said the module", headers={"Retry-After": "7", "Allow": "GET"})

    return router


async def test_streams_run_as_fastapi_runs_them_behind_our_guards(client: Make) -> None:
    asked = client(routes([]))

    assert (await asked.get("/api/v1/lines")).status_code == 401
    assert (await asked.get("/api/v1/lines", headers=ADA)).text == '{"number":0}\n{"number":1}\n{"number":2}\n'
    events = await asked.get("/api/v1/events")
    assert events.headers["content-type"].startswith("text/event-stream")
    assert events.text.count("data:") == 3
    assert (await asked.get("/api/v1/stream")).text == "ab"


async def test_the_rule_of_a_stream_replaces_its_routers(client: Make) -> None:
    router = Router(dependencies=[require_role("admin")])

    @router.get("/open", dependencies=[public])
    async def opened() -> AsyncIterator[Tick]:
        async for tick in ticks():
            yield tick

    assert (await client(router).get("/api/v1/open")).status_code == 200


async def test_a_response_object_is_sent_as_it_is_with_our_headers(client: Make) -> None:
    answer = await client(routes([])).get("/api/v1/text")

    assert answer.text == "plain"
    assert (answer.headers["x-from"], answer.headers["referrer-policy"]) == ("parameter", "origin")
    assert answer.headers["x-frame-options"] == "DENY"


async def test_forms_and_uploads_are_read_where_they_are_declared(client: Make) -> None:
    asked = client(routes([]))

    assert (await asked.post("/api/v1/form", data={"name": "a", "age": "3"})).json() == ["a", "3"]
    wrong = await asked.post("/api/v1/form", data={"age": "x"})
    assert [(error["field"], error["code"]) for error in wrong.json()["error"]["details"]] == [
        ("name", "missing"),
        ("age", "int_parsing"),
    ]
    assert (await asked.post("/api/v1/form", json={"name": "a"})).status_code == 415
    assert (await asked.post("/api/v1/form", data={"name": "a\0b"})).status_code == 400
    assert (await asked.post("/api/v1/upload", files={"file": ("a.txt", b"12345")})).json() == 5
    broken = {"content-type": "multipart/form-data; boundary=b"}
    assert (await asked.post("/api/v1/upload", content=b"--x", headers=broken)).status_code in (400, 422)


async def test_a_route_that_reads_the_body_itself_is_limited_too(client: Make) -> None:
    async def much() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b"x" * 1000

    asked = client(routes([]), BODY_LIMIT="5000")

    assert (await asked.post("/api/v1/raw", content=b"x" * 4000)).json() == 4000
    assert (await asked.post("/api/v1/raw", content=much())).status_code == 413


async def test_background_tasks_run_after_the_answer(client: Make) -> None:
    done: list[str] = []

    assert (await client(routes(done)).post("/api/v1/later")).json() == 1
    assert done == ["afterwards"]


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "BAD_REQUEST"),
        (401, "UNAUTHORIZED"),
        (403, "FORBIDDEN"),
        (404, "NOT_FOUND"),
        (405, "METHOD_NOT_ALLOWED"),
        (409, "CONFLICT"),
        (418, "INTERNAL_ERROR"),
        (429, "RATE_LIMITED"),
        (503, "SERVICE_UNAVAILABLE"),
    ],
)
async def test_an_http_exception_gets_our_form(client: Make, status: int, code: str) -> None:
    answer = await client(routes([])).get(f"/api/v1/raised/{status}")

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    if status != 405:
        assert answer.json()["error"]["message"] == "said the module"
    if status in (429, 503):
        assert answer.headers["retry-after"] == "7"


def test_a_stream_may_not_hold_a_unit_open(programs: Make) -> None:
    router = Router(dependencies=[public])

    @router.post("/stream")
    async def stream(uow: WriteUnit) -> AsyncIterator[Tick]:
        yield Tick(number=1)

    with pytest.raises(BootRefused, match="streams"):
        programs(router)
