"""By setting: another form of successes (R-128, R-243), and paths without a version (R-131, R-133)."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from mainspring.core.http import Leaving, Out, PageOut, Router
from mainspring.core.http.pages import NumberedPages
from mainspring.core.security.guard import public

Make = Any


class ThingOut(Out):
    id: int


def routes() -> Router:
    router = Router(prefix="/things", dependencies=[public])

    @router.get("/1")
    async def one() -> ThingOut:
        return ThingOut(id=1)

    @router.get("")
    async def several() -> PageOut[ThingOut]:
        page = NumberedPages(page=1, limit=20, total=1, pages=1)
        return PageOut[ThingOut](data=[ThingOut(id=1)], pagination=page)

    @router.delete("/1", status_code=204)
    async def remove() -> None:
        """Nothing is left."""

    return router


THING = {"id": 1}
PAGE = {"data": [THING], "pagination": {"page": 1, "limit": 20, "total": 1, "pages": 1}}


@pytest.mark.parametrize(
    ("style", "one", "several"),
    [
        ("bare", THING, PAGE),
        ("data", {"data": THING}, PAGE),
        ("envelope", {"status": "success", "message": "OK", "data": THING}, {"status": "success", "message": "OK", "data": PAGE}),
    ],
)
async def test_a_success_has_the_form_that_is_set(client: Make, style: str, one: Any, several: Any) -> None:
    asked = client(routes(), RESPONSE_STYLE=style)

    assert (await asked.get("/api/v1/things/1")).json() == one
    assert (await asked.get("/api/v1/things")).json() == several
    assert (await asked.delete("/api/v1/things/1")).content == b""
    schema = (await asked.get("/openapi.json")).json()["paths"]["/api/v1/things/1"]["get"]["responses"]["200"]
    properties = schema["content"]["application/json"]["schema"].get("properties", {})
    assert sorted(properties) == {"bare": [], "data": ["data"], "envelope": ["data", "message", "status"]}[style]


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/api/things/1", {}, 200),
        ("/api/things/1", {"API-Version": "v1"}, 200),
        ("/api/things/1", {"API-Version": "1"}, 200),
        ("/api/things/1", {"API-Version": "v2"}, 404),
        ("/api/things/1?api-version=v1", {}, 200),
        ("/api/things/1?api-version=v2", {}, 404),
        ("/api/things/1", {"API-Version": "../x"}, 404),
        ("/api/v1/things/1", {"API-Version": "v2"}, 200),
    ],
)
async def test_a_path_without_a_version_gets_one(client: Make, path: str, headers: dict[str, str], status: int) -> None:
    answer = await client(routes(), API_DEFAULT_VERSION="v1").get(path, headers=headers)

    assert answer.status_code == status
    if "/v1/" not in path:
        assert "API-Version" in answer.headers["vary"]


async def test_without_the_setting_a_version_is_needed(client: Make) -> None:
    assert (await client(routes()).get("/api/things/1")).status_code == 404


def test_an_answer_is_built_from_what_was_found() -> None:
    from mainspring.core.database import Page

    page: Any = Page([SimpleNamespace(id=1)], 2, 1, 3)

    built = PageOut[ThingOut].of(page)

    assert built.pagination == NumberedPages(page=2, limit=1, total=3, pages=3)


async def test_routes_that_will_go_say_so(client: Make) -> None:  # RFC 9745, RFC 8594
    router = Router(dependencies=[public], leaving=Leaving(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)))

    @router.get("/old")
    async def old() -> int:
        return 1

    asked = client(router)
    answer = await asked.get("/api/v1/old")

    assert answer.headers["deprecation"] == "@1767225600"
    assert answer.headers["sunset"] == "Fri, 01 Jan 2027 00:00:00 GMT"
    assert (await asked.get("/openapi.json")).json()["paths"]["/api/v1/old"]["get"]["deprecated"] is True
