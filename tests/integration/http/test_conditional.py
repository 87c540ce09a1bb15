"""`ETag`, `If-None-Match` and `If-Match` (RFC 9110 13, API.md)."""

import asyncio
from typing import Any
from uuid import UUID

import httpx2

from mainspring.core.errors import PreconditionFailed
from mainspring.core.http import IfMatch, Router, WriteUnit
from mainspring.core.security.guard import public
from tests.integration.http.widgets import ADA, RENAME, NewWidget, WidgetOut, found

Serve = Any


async def made(client: httpx2.AsyncClient, name: str = "a") -> httpx2.Response:
    return await client.post("/api/v1/widgets", headers=ADA, json={"name": name})


async def test_a_known_tag_saves_the_body(web: Serve) -> None:
    client = web()
    path = (await made(client)).headers["location"]
    tag = (await client.get(path, headers=ADA)).headers["etag"]

    answer = await client.get(path, headers=ADA | {"If-None-Match": f'"other", W/{tag}'})

    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)


async def test_the_tag_changes_with_the_resource(web: Serve) -> None:
    client = web()
    path = (await made(client)).headers["location"]
    before = (await client.get(path, headers=ADA)).headers["etag"]

    changed = await client.patch(path, headers=ADA, json={"name": "b"})

    after = await client.get(path, headers=ADA | {"If-None-Match": before})
    assert after.status_code == 200
    assert after.headers["etag"] == changed.headers["etag"] != before


async def test_lists_have_no_tag(web: Serve) -> None:
    assert "etag" not in (await web().get("/api/v1/widgets", headers=ADA)).headers


async def test_a_change_that_expects_another_version_is_refused(web: Serve) -> None:
    client = web()
    first = await made(client)
    path, tag = first.headers["location"], first.headers["etag"]
    await client.patch(path, headers=ADA | {"If-Match": tag}, json={"name": "b"})

    late = await client.patch(path, headers=ADA | {"If-Match": tag}, json={"name": "c"})

    assert (late.status_code, late.json()["error"]["code"]) == (412, "PRECONDITION_FAILED")
    assert (await client.get(path, headers=ADA)).json()["name"] == "b"


async def test_of_parallel_changes_that_expect_the_same_version_one_succeeds(web: Serve) -> None:
    client = web()
    first = await made(client)
    path, expected = first.headers["location"], {"If-Match": first.headers["etag"]}

    answers = await asyncio.gather(
        *(client.patch(path, headers=ADA | expected, json={"name": f"b{number}"}) for number in range(8))
    )

    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7


async def test_a_star_expects_that_it_exists(web: Serve) -> None:
    client = web()
    path = (await made(client)).headers["location"]

    there = await client.patch(path, headers=ADA | {"If-Match": "*"}, json={"name": "b"})
    not_there = await client.patch("/api/v1/widgets/" + str(UUID(int=1)), headers=ADA | {"If-Match": "*"}, json={"name": "b"})

    assert (there.status_code, not_there.status_code) == (200, 404)


async def test_a_weak_tag_never_matches(web: Serve) -> None:
    client = web()
    first = await made(client)

    answer = await client.patch(
        first.headers["location"], headers=ADA | {"If-Match": "W/" + first.headers["etag"]}, json={"name": "b"}
    )

    assert answer.status_code == 412


async def test_a_route_may_take_the_expected_version_itself(web: Serve) -> None:
    router = Router(prefix="/own", dependencies=[public])

    @router.put("/{id}")
    async def own(id: UUID, body: NewWidget, expected: IfMatch, uow: WriteUnit) -> WidgetOut:
        row = await found(uow, id)
        if expected not in (None, row.version):
            raise PreconditionFailed()
        changed = await uow.one(RENAME, id_=id, name=body.name)
        assert changed is not None
        return WidgetOut.of(changed)

    from tests.integration.http.widgets import widget_routes

    client = web(router, widget_routes())
    first = await made(client)
    path = f"/api/v1/own/{first.json()['id']}"

    good = await client.put(path, headers={"If-Match": first.headers["etag"]}, json={"name": "b"})
    stale = await client.put(path, headers={"If-Match": first.headers["etag"]}, json={"name": "c"})
    odd = await client.put(path, headers={"If-Match": '"no version"'}, json={"name": "c"})

    assert (good.status_code, stale.status_code, odd.status_code) == (200, 412, 412)
