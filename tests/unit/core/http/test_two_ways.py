"""The plan reads parameters itself; FastAPI's solver must give the same answers and errors (docs/decisions)."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from fastapi import Body, Cookie, Depends, Header, Path, Query

from mainspring.core.http import Out, Router, Schema
from mainspring.core.http.app import HttpApp
from mainspring.core.security.guard import public

Make = Any


class Filters(Schema):
    category: str | None = None
    tags: list[str] = []
    limit: Annotated[int, Query(ge=1, le=100)] = 20
    sort: Literal["name", "-name"] = "name"


class Price(Schema):
    amount: int
    currency: Annotated[str, Body(min_length=3, max_length=3)] = "EUR"


class Wish(Schema):
    name: str
    unit_price: Price
    sizes: list[int] = []


class Echo(Out):
    values: str


async def foreign() -> str:
    return "foreign"


def routes(*, by_solver: bool) -> Router:
    """The same routes twice: once with a foreign dependency, which sends them through FastAPI's solver."""
    router = Router(dependencies=[public, *([Depends(foreign)] if by_solver else [])])

    @router.get("/scalars/{id}")
    async def scalars(
        id: UUID,
        page: int = 1,
        at: datetime | None = None,
        tag: Annotated[list[int], Query()] = [],  # noqa: B006 - FastAPI copies defaults
        is_new: Annotated[bool, Query(alias="isNew")] = False,
        name: Annotated[str, Query(min_length=2)] = "ab",
    ) -> Echo:
        return Echo(values=repr((id, page, at, tag, is_new, name)))

    @router.get("/model")
    async def model(filters: Annotated[Filters, Query()]) -> Echo:
        return Echo(values=repr(filters))

    @router.post("/body/{id}")
    async def body(id: Annotated[int, Path(ge=1)], wish: Wish, dry: bool = False) -> Echo:
        return Echo(values=repr((id, wish, dry)))

    @router.post("/optional")
    async def optional(wish: Wish | None = None) -> Echo:
        return Echo(values=repr(wish))

    @router.get("/headers")
    async def headers(
        x_kind: Annotated[str, Header()], x_size: Annotated[int, Header()] = 1, theme: Annotated[str, Cookie()] = "dark"
    ) -> Echo:
        return Echo(values=repr((x_kind, x_size, theme)))

    @router.post("/embedded")
    async def embedded(wish: Wish, note: Annotated[str, Body()]) -> Echo:
        return Echo(values=repr((wish, note)))

    return router


ID = "019b76da-a800-7000-8000-000000000000"
GOOD = {"name": "a", "unitPrice": {"amount": 1}}

REQUESTS: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", f"/scalars/{ID}", {}),
    ("GET", f"/scalars/{ID}?page=3&at=2026-01-01T00:00:00Z&tag=1&tag=2&isNew=true&name=xyz", {}),
    ("GET", f"/scalars/{ID}?page=3&page=4", {}),
    ("GET", f"/scalars/{ID}?page=x&tag=1&tag=y&name=a", {}),
    ("GET", "/scalars/nope?page=x", {}),
    ("GET", f"/scalars/{ID}?unknown=1", {}),
    ("GET", f"/scalars/{ID}?page=&name=%20%C3%A9", {}),
    ("GET", f"/scalars/{ID}?name=a+b", {}),
    ("GET", "/model", {}),
    ("GET", "/model?category=x&tags=a&tags=b&limit=5&sort=-name", {}),
    ("GET", "/model?tags=a", {}),
    ("GET", "/model?limit=0&sort=age", {}),
    ("GET", "/model?limit=1&limit=2", {}),
    ("GET", "/model?unknown=1&unknown=2", {}),
    ("POST", "/body/1", {"json": GOOD}),
    ("POST", "/body/1?dry=yes", {"json": GOOD | {"sizes": [1, 2]}}),
    ("POST", "/body/0?dry=perhaps", {"json": {"name": 1, "unitPrice": {"amount": "x", "curency": "EUR"}, "more": 1}}),
    ("POST", "/body/1", {"json": []}),
    ("POST", "/body/1", {"json": None}),
    ("POST", "/body/1", {}),
    ("POST", "/body/1", {"content": b"{}", "headers": {"Content-Type": "text/plain"}}),
    ("POST", "/body/1", {"content": b"", "headers": {"Content-Type": "application/json"}}),
    ("POST", "/body/1", {"content": b'{"name": "a", "name": "b"}', "headers": {"Content-Type": "application/json"}}),
    ("POST", "/body/1", {"content": b"{}", "headers": {"Content-Type": "application/json; charset=utf-8"}}),
    ("POST", "/optional", {}),
    ("POST", "/optional", {"json": GOOD}),
    ("POST", "/optional", {"json": {"name": 1}}),
    ("GET", "/headers", {}),
    ("GET", "/headers", {"headers": {"X-Kind": "a", "X-Size": "2", "Cookie": "theme=light"}}),
    ("GET", "/headers", {"headers": {"X-Kind": "a", "X-Size": "x"}}),
    ("POST", "/embedded", {"json": {"wish": GOOD, "note": "n"}}),
    ("POST", "/embedded", {"json": {"wish": {}, "note": 1}}),
    ("POST", "/embedded", {"json": []}),
]


@pytest.mark.parametrize(("method", "path", "options"), REQUESTS)
async def test_both_ways_answer_alike(client: Make, method: str, path: str, options: dict[str, Any]) -> None:
    direct = await client(routes(by_solver=False)).request(method, "/api/v1" + path, **options)
    solved = await client(routes(by_solver=True)).request(method, "/api/v1" + path, **options)

    assert direct.status_code == solved.status_code
    assert direct.status_code != 500
    if direct.status_code == 200:
        assert direct.json() == solved.json()
    else:
        assert direct.json()["error"] == solved.json()["error"]


def test_only_foreign_dependencies_need_the_solver(programs: Make) -> None:
    direct: HttpApp = programs(routes(by_solver=False))
    solved: HttpApp = programs(routes(by_solver=True))

    assert {plan.path.rpartition("/")[2] for _, _, plan in direct.plans if plan.foreign} == {"embedded"}
    assert all(plan.foreign for _, path, plan in solved.plans if path.startswith("/api/"))
