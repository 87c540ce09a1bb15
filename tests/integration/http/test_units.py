"""The unit of a request: committed after the answer is rendered, rolled back by a refusal (ARCHITECTURE 10 d)."""

import asyncio
from typing import Any

import httpx2

from mainspring.core.database import RunAgain
from mainspring.core.http import ReadUnit, Router, WriteUnit
from mainspring.core.security.guard import public
from tests.integration.http.widgets import ADA, ALL, MAKE, NewWidget, WidgetOut, widget_routes

Serve = Any


async def names(client: httpx2.AsyncClient) -> list[str]:
    return [widget["name"] for widget in (await client.get("/api/v1/widgets", headers=ADA)).json()]


async def test_a_created_widget_is_there_and_located(web: Serve) -> None:
    client = web()

    answer = await client.post("/api/v1/widgets", headers=ADA, json={"name": "a"})

    assert answer.status_code == 201
    assert answer.headers["location"] == f"/api/v1/widgets/{answer.json()['id']}"
    assert (await client.get(answer.headers["location"], headers=ADA)).json() == answer.json()


async def test_a_refusal_leaves_nothing_behind(web: Serve) -> None:
    client = web()

    answer = await client.post("/api/v1/widgets", headers=ADA, json={"name": "a", "size": 500})

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "widgets.too_large")
    assert await names(client) == []


async def test_a_refusal_that_keeps_its_writes_is_a_refusal_all_the_same(web: Serve) -> None:
    client = web()

    answer = await client.post("/api/v1/widgets", headers=ADA, json={"name": "a", "size": 5000})

    assert answer.status_code == 409
    assert await names(client) == ["a"]


async def test_a_doubled_name_is_a_conflict_that_names_the_field(web: Serve) -> None:
    client = web()
    await client.post("/api/v1/widgets", headers=ADA, json={"name": "a"})

    answer = await client.post("/api/v1/widgets", headers=ADA, json={"name": "a"})

    assert answer.status_code == 409
    assert answer.json()["error"]["details"][0]["field"] == "name"


async def test_an_answer_that_cannot_be_rendered_rolls_back(web: Serve) -> None:
    router = Router(prefix="/odd", dependencies=[public])

    @router.post("")
    async def odd(body: NewWidget, uow: WriteUnit) -> WidgetOut:
        await uow.one(MAKE, name=body.name, size=1)
        return {"id": "no id"}  # type: ignore[return-value]

    client = web_with_widgets(web, router)

    answer = await client.post("/api/v1/odd", json={"name": "a"})

    assert answer.status_code == 500
    assert await names(client) == []


def web_with_widgets(web: Serve, router: Router) -> httpx2.AsyncClient:
    client: httpx2.AsyncClient = web(router, widget_routes())
    return client


async def test_a_victim_of_a_conflict_is_run_once_more(web: Serve) -> None:
    router = Router(prefix="/contested", dependencies=[public])
    runs: list[int] = []

    @router.post("", status_code=201)
    async def contested(body: NewWidget, uow: WriteUnit) -> WidgetOut:
        row = await uow.one(MAKE, name=body.name, size=1)
        runs.append(1)
        if len(runs) == 1:
            raise RunAgain()
        assert row is not None
        return WidgetOut.of(row)

    client = web_with_widgets(web, router)

    answer = await client.post("/api/v1/contested", json={"name": "a"})

    assert (answer.status_code, len(runs)) == (201, 2)
    assert await names(client) == ["a"]


async def test_a_victim_twice_is_told_to_come_again(web: Serve) -> None:
    router = Router(prefix="/contested", dependencies=[public])

    @router.post("")
    async def contested(uow: WriteUnit) -> None:
        raise RunAgain()

    answer = await web(router).post("/api/v1/contested")

    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1


async def test_a_cancelled_request_leaves_nothing_and_blocks_nobody(web: Serve) -> None:
    router = Router(prefix="/slow", dependencies=[public])
    begun = asyncio.Event()

    @router.post("")
    async def slow(uow: WriteUnit) -> None:
        await uow.one(MAKE, name="never", size=1)
        begun.set()
        await asyncio.sleep(60)

    client = web_with_widgets(web, router)
    request = asyncio.create_task(client.post("/api/v1/slow"))
    await begun.wait()

    request.cancel()
    await asyncio.wait([request])

    assert (await client.post("/api/v1/widgets", headers=ADA, json={"name": "next"})).status_code == 201
    assert await names(client) == ["next"]


async def test_a_read_sees_what_its_request_wrote(web: Serve) -> None:
    router = Router(prefix="/both", dependencies=[public])

    @router.post("")
    async def both(uow: WriteUnit, reading: ReadUnit) -> int:
        await uow.one(MAKE, name="a", size=1)
        return len(await reading.all(ALL))

    assert (await web(router).post("/api/v1/both")).json() == 1
