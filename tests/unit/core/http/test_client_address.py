"""Whose request it is: the peer, or what trusted proxies say, counted from the right (D-28)."""

from typing import Any

import pytest

from mainspring.core.http import CallContext, Router
from mainspring.core.http.middleware.client_address import ClientAddress, forwarded_for
from mainspring.core.security.guard import public

Make = Any


async def nothing(scope: Any, receive: Any, send: Any) -> None: ...


@pytest.mark.parametrize(
    ("peer", "sent", "client"),
    [
        ("203.0.113.9", ["1.1.1.1"], "203.0.113.9"),  # not a proxy of ours: what it says is worth nothing
        ("10.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["6.6.6.6", "198.51.100.7"], "198.51.100.7"),  # the left part is the client's own invention
        ("10.0.0.1", ["198.51.100.7", "10.0.0.2"], "198.51.100.7"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["10.0.0.3", "10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", ["198.51.100.7", "not an address"], "10.0.0.1"),
        ("2001:db8::1", ["2001:db8:1::7"], "2001:db8:1::7"),
        ("unix:", ["198.51.100.7"], "unix:"),
    ],
)
def test_the_client_is_the_nearest_address_that_is_no_proxy(peer: str, sent: list[str], client: str) -> None:
    layer = ClientAddress(nothing, ("10.0.0.0/8", "2001:db8::1"))

    assert layer.behind(peer, sent) == client


def test_every_header_counts_and_ports_do_not() -> None:
    headers = [
        (b"x-forwarded-for", b"1.1.1.1, 2.2.2.2:80"),
        (b"host", b"a"),
        (b"x-forwarded-for", b"[2001:db8::7]:443, 2001:db8::8"),
    ]

    assert forwarded_for({"headers": headers}) == ["1.1.1.1", "2.2.2.2", "2001:db8::7", "2001:db8::8"]


async def test_a_route_sees_address_and_user_agent(client: Make) -> None:
    router = Router(dependencies=[public])

    @router.get("/me")
    async def me(context: CallContext) -> list[str | None]:
        return [context.address, context.user_agent, context.method, context.path]

    asked = client(router, TRUSTED_PROXIES="127.0.0.1")

    answer = await asked.get("/api/v1/me", headers={"X-Forwarded-For": "9.9.9.9, 198.51.100.7", "User-Agent": "x" * 600})

    assert answer.json() == ["198.51.100.7", "x" * 500, "GET", "/api/v1/me"]


async def test_without_trusted_proxies_the_header_is_ignored(client: Make) -> None:
    router = Router(dependencies=[public])

    @router.get("/me")
    async def me(context: CallContext) -> str | None:
        return context.address

    assert (await client(router).get("/api/v1/me", headers={"X-Forwarded-For": "6.6.6.6"})).json() == "127.0.0.1"
