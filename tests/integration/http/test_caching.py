"""`Cache-Control` and `Vary`: nobody keeps anything unless the route says so (R-238, R-240, ASVS 14.3.2)."""

import re
from datetime import timedelta
from typing import Any

import pytest

from mainspring.core.http import Answer, Cookie, Router, cache_control
from mainspring.core.module import BootRefused
from mainspring.core.security.guard import Visitor, public
from mainspring.testing.client import AppClient
from tests.integration.http.widgets import ADA, Maker, WidgetOut

Serve = Any
WIDGET = {"id": "00000000-0000-0000-0000-000000000001", "name": "a", "size": 1, "version": 1}


def router() -> Router:
    """Routes that say nothing, and routes that let their answers be kept."""
    router = Router(prefix="/kept")

    @router.get("/silent", dependencies=[public])
    async def silent() -> WidgetOut:
        return WidgetOut(**WIDGET)

    @router.get("/everyone", dependencies=[public, cache_control(timedelta(minutes=5), shared=True)])
    async def everyone() -> WidgetOut:
        return WidgetOut(**WIDGET)

    @router.get("/browser", dependencies=[cache_control(60)])
    async def browser(maker: Maker) -> WidgetOut:
        return WidgetOut(**WIDGET)

    @router.get("/asked", dependencies=[cache_control()])
    async def asked(maker: Maker) -> WidgetOut:
        return WidgetOut(**WIDGET)

    @router.get("/cookie", dependencies=[public, cache_control(60, shared=True)])
    async def cookie(answer: Answer) -> WidgetOut:
        answer.cookie(Cookie("a", "b"))
        return WidgetOut(**WIDGET)

    @router.post("/written", status_code=201, dependencies=[public, cache_control(60, shared=True)])
    async def written() -> WidgetOut:
        return WidgetOut(**WIDGET)

    return router


@pytest.mark.parametrize(
    ("path", "kept", "varies"),
    [
        ("silent", "no-store", False),
        ("everyone", "public, max-age=300", False),
        ("browser", "private, max-age=60", True),
        ("asked", "private, no-cache", True),
        ("cookie", "no-store", False),
    ],
)
async def test_a_route_says_who_may_keep_its_answer(web: Serve, path: str, kept: str, varies: bool) -> None:
    answer = await web(router()).get(f"/api/v1/kept/{path}", headers=ADA)

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == kept
    assert ("authorization" in answer.headers.get("vary", "").lower()) is varies


async def test_what_is_not_changed_may_be_kept_on(web: Serve) -> None:
    client = web(router())
    tag = (await client.get("/api/v1/kept/asked", headers=ADA)).headers["etag"]

    again = await client.get("/api/v1/kept/asked", headers=ADA | {"If-None-Match": tag})

    assert (again.status_code, again.headers["cache-control"], again.headers["etag"]) == (304, "private, no-cache", tag)
    assert "Cookie" in again.headers["vary"]


async def test_writes_and_refusals_are_kept_by_nobody(web: Serve) -> None:
    client = web(router())

    answers = [
        await client.post("/api/v1/kept/written"),
        await client.get("/api/v1/kept/browser"),
        await client.get("/api/v1/kept/nothing"),
        await client.put("/api/v1/kept/everyone"),
    ]

    assert [answer.status_code for answer in answers] == [201, 401, 404, 405]
    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}


async def test_a_route_for_some_lets_no_cache_on_the_way_keep_it(web: Serve) -> None:
    guarded, visited = Router(), Router()

    @guarded.get("/guarded", dependencies=[cache_control(60, shared=True)])
    async def one(maker: Maker) -> WidgetOut:
        return WidgetOut(**WIDGET)

    @visited.get("/visited", dependencies=[cache_control(60, shared=True)])
    async def other(visitor: Visitor) -> WidgetOut:
        return WidgetOut(**WIDGET)

    for refused in (guarded, visited):
        with pytest.raises(BootRefused, match="depends on who asks"):
            web(refused)


async def test_every_answer_to_somebody_signed_in_says_who_may_keep_it(app: AppClient) -> None:
    ada = app.as_(await app.sign_up())

    answers = [
        await ada.get(path) for path in ("/api/v1/users/me", "/api/v1/auth/sessions", "/api/v1/products", "/api/v1/notifications")
    ]

    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}


async def test_files_of_our_own_are_kept_for_a_year_by_the_name_of_their_content(app: AppClient) -> None:
    page = await app.get("/docs")
    paths = re.findall(r'(?:src|href)="([^"]+)"', page.text)

    assert len(paths) == 4
    for path in paths:
        answer = await app.get(path)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        plain = await app.get(re.sub(r"\.[0-9a-f]{16}\.", ".", path))
        assert (plain.content, plain.headers["cache-control"]) == (answer.content, "public, no-cache")
        assert (await app.get(re.sub(r"\.[0-9a-f]{16}\.", ".0123456789abcdef.", path))).status_code == 404
    for path in ("/docs", "/openapi.json", "/openapi.yaml", paths[0]):
        tag = (await app.get(path)).headers["etag"]
        again = await app.get(path, headers={"If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b"")
