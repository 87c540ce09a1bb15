"""`Idempotency-Key`: a request sent twice happens once (ARCHITECTURE 10 i, API.md)."""

import asyncio
from typing import Any

from mainspring.core.application import Application
from mainspring.core.http import App, Router, WriteUnit
from mainspring.core.security.guard import public
from tests.integration.http.widgets import ADA, ALL, BOB, MAKE, NewWidget, WidgetOut, widget_routes

Serve = Any
KEY = {"Idempotency-Key": "k-1"}


async def count(whole: Application) -> int:
    async with whole.reading() as uow:
        return len(await uow.all(ALL))


async def test_the_same_request_gets_the_same_answer_and_happens_once(web: Serve, whole: Application) -> None:
    client = web()
    first = await client.post("/api/v1/widgets", headers=ADA | KEY, json={"name": "a"})

    second = await client.post("/api/v1/widgets", headers=ADA | KEY, json={"name": "a"})

    assert (second.status_code, second.content) == (201, first.content)
    assert second.headers["idempotent-replayed"] == "true"
    assert second.headers["location"] == first.headers["location"]
    assert "idempotent-replayed" not in first.headers
    assert await count(whole) == 1


async def test_another_body_with_the_same_key_is_refused(web: Serve, whole: Application) -> None:
    client = web()
    await client.post("/api/v1/widgets", headers=ADA | KEY, json={"name": "a"})

    second = await client.post("/api/v1/widgets", headers=ADA | KEY, json={"name": "b"})

    assert (second.status_code, second.json()["error"]["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert await count(whole) == 1


async def test_keys_of_two_callers_never_meet(web: Serve, whole: Application) -> None:
    client = web()
    await client.post("/api/v1/widgets", headers=ADA | KEY, json={"name": "a"})

    second = await client.post("/api/v1/widgets", headers=BOB | KEY, json={"name": "b"})

    assert second.status_code == 201
    assert await count(whole) == 2


async def test_a_refusal_by_the_domain_is_kept(web: Serve, whole: Application) -> None:
    client = web()
    first = await client.post("/api/v1/widgets", headers=ADA | KEY, json={"name": "a", "size": 500})

    second = await client.post("/api/v1/widgets", headers=ADA | KEY, json={"name": "a", "size": 500})

    assert (first.status_code, second.status_code) == (409, 409)
    assert second.content == first.content
    assert second.headers["idempotent-replayed"] == "true"


async def test_a_failure_of_ours_is_not_kept(web: Serve, whole: Application) -> None:
    router = Router(prefix="/shaky", dependencies=[public])
    runs: list[int] = []

    @router.post("", status_code=201)
    async def shaky(body: NewWidget, uow: WriteUnit) -> WidgetOut:
        runs.append(1)
        row = await uow.one(MAKE, name=body.name, size=1)
        assert row is not None
        if len(runs) == 1:
            raise RuntimeError("a bug")
        return WidgetOut.of(row)

    client = web(router)
    first = await client.post("/api/v1/shaky", headers=KEY, json={"name": "a"})

    second = await client.post("/api/v1/shaky", headers=KEY, json={"name": "a"})

    assert (first.status_code, second.status_code) == (500, 201)
    assert await count(whole) == 1


async def test_a_request_that_is_still_running_is_a_conflict(web: Serve, whole: Application) -> None:
    router = Router(prefix="/slow", dependencies=[public])
    begun, go_on = asyncio.Event(), asyncio.Event()

    @router.post("", status_code=201)
    async def slow(body: NewWidget, uow: WriteUnit) -> WidgetOut:
        begun.set()
        await go_on.wait()
        row = await uow.one(MAKE, name=body.name, size=1)
        assert row is not None
        return WidgetOut.of(row)

    here, elsewhere = web(router), web(router)  # two programs share nothing but the database, as two processes do
    first = asyncio.create_task(here.post("/api/v1/slow", headers=KEY, json={"name": "a"}))
    await begun.wait()

    second = await here.post("/api/v1/slow", headers=KEY, json={"name": "a"})
    third = await elsewhere.post("/api/v1/slow", headers=KEY, json={"name": "a"})
    go_on.set()

    for refused in (second, third):
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "IDEMPOTENCY_KEY_IN_FLIGHT")
        assert refused.headers["retry-after"] == "1"
    assert (await first).status_code == 201
    assert await count(whole) == 1


async def test_a_workflow_is_carried_out_once(web: Serve, whole: Application) -> None:
    router = Router(prefix="/deeds", dependencies=[public])

    @router.post("", status_code=202)
    async def deed(body: NewWidget, application: App) -> WidgetOut:
        async with application.unit() as uow:
            row = await uow.one(MAKE, name=body.name, size=1)
        assert row is not None
        if body.size > 10:
            raise RuntimeError("a bug")
        return WidgetOut.of(row)

    client = web(router)
    first = await client.post("/api/v1/deeds", headers=KEY, json={"name": "a"})

    second = await client.post("/api/v1/deeds", headers=KEY, json={"name": "a"})
    broken = await client.post("/api/v1/deeds", headers={"Idempotency-Key": "k-2"}, json={"name": "b", "size": 11})
    again = await client.post("/api/v1/deeds", headers={"Idempotency-Key": "k-2"}, json={"name": "b", "size": 11})

    assert (first.status_code, second.content) == (202, first.content)
    assert (broken.status_code, again.status_code) == (500, 409)  # tried again: the name is taken now
    assert await count(whole) == 2


async def test_parallel_repetitions_happen_once(web: Serve, whole: Application) -> None:
    client = web(widget_routes())

    answers = await asyncio.gather(*(client.post("/api/v1/widgets", headers=ADA | KEY, json={"name": "a"}) for _ in range(10)))

    assert {answer.status_code for answer in answers} <= {201, 409}
    assert await count(whole) == 1


async def test_a_key_that_is_no_key_cannot_be_read(web: Serve) -> None:
    answer = await web().post("/api/v1/widgets", headers=ADA | {"Idempotency-Key": "x" * 256}, json={"name": "a"})

    assert answer.status_code == 400
