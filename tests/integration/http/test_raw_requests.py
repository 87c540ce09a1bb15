"""A route may take its request as it came, to prove it by a signature (R-118, R-284)."""

from typing import Annotated

import pytest
from fastapi import Depends, Request

from mainspring.core.http import Out, RawRequest, Router, Schema, WriteUnit
from mainspring.core.http.app import HttpApp
from mainspring.core.module import BootRefused
from mainspring.core.security.guard import public

pytestmark = pytest.mark.anyio


class Seen(Out):
    """What arrived."""

    length: int
    first: str
    proof: str | None
    name: str


async def who(request: Request) -> str:
    """A dependency that only FastAPI's solver knows."""
    return request.headers.get("x-name", "nobody")


router = Router(prefix="/raw", dependencies=[public])


@router.post("/{name}")
async def take(name: str, sent: RawRequest, uow: WriteUnit) -> Seen:
    """Without the solver."""
    return Seen(length=len(sent.body), first=sent.body[:3].hex(), proof=sent.headers.get("x-proof"), name=name)


@router.post("/{name}/solved")
async def take_solved(sent: RawRequest, name: Annotated[str, Depends(who)]) -> Seen:
    """With the solver."""
    return Seen(length=len(sent.body), first=sent.body[:3].hex(), proof=sent.headers.get("x-proof"), name=name)


@pytest.mark.parametrize(("path", "name"), [("/api/v1/raw/ada", "ada"), ("/api/v1/raw/ada/solved", "bob")])
async def test_bytes_and_headers_arrive_as_they_were_sent(web, path, name):
    body = b"\xff\x00{not json" * 1000

    answer = await web(router).post(path, content=body, headers={"X-Proof": "t=1,v1=a", "X-Name": "bob"})

    assert answer.json() == {"length": len(body), "first": "ff007b", "proof": "t=1,v1=a", "name": name}


async def test_no_body_is_an_empty_one(web):
    assert (await web(router).post("/api/v1/raw/ada")).json()["length"] == 0


@pytest.mark.parametrize("path", ["/api/v1/raw/ada", "/api/v1/raw/ada/solved"])
async def test_a_body_over_the_limit_is_refused(web, path):
    async def endless():
        for _ in range(200):
            yield b"x" * 64 * 1024

    answer = await web(router).post(path, content=endless())

    assert answer.status_code == 413


async def test_a_route_takes_its_body_raw_or_as_a_model(whole):
    class Wish(Schema):
        """A body."""

    odd = Router(dependencies=[public])

    @odd.post("/odd")
    async def both(wish: Wish, sent: RawRequest) -> Seen:
        """Both."""
        raise AssertionError

    with pytest.raises(BootRefused, match="takes its body as it came and as a model"):
        HttpApp(whole, [odd])
