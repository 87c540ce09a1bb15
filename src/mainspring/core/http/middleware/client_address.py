"""Whose request it is: the peer, or what trusted proxies say, counted from the right (D-28)."""

from collections.abc import Awaitable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from starlette.types import ASGIApp, Receive, Scope, Send

from ..exchange import KEY, Exchange


class ClientAddress:
    """Puts the client's address and user agent into the context."""

    def __init__(self, app: ASGIApp, proxies: Sequence[str]) -> None:
        self.app = app
        self.proxies: list[IPv4Network | IPv6Network] = [ip_network(proxy, strict=False) for proxy in proxies]

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "http":
            exchange: Exchange = scope[KEY]
            peer = scope.get("client")
            exchange.address = peer[0] if peer else None
            agent = exchange.received.get(b"user-agent")
            if agent is not None:
                exchange.user_agent = agent[:500].decode("latin-1")
            if self.proxies and exchange.address is not None:
                exchange.address = self.behind(exchange.address, forwarded_for(scope))
        return self.app(scope, receive, send)

    def behind(self, peer: str, forwarded: Sequence[str]) -> str:
        """The nearest address that is none of our proxies. An entry that is no address ends the search."""
        address = peer
        for entry in reversed(forwarded):
            if not self._is_trusted(address):
                return address
            try:
                ip_address(entry)
            except ValueError:
                return address
            address = entry
        return address

    def _is_trusted(self, address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self.proxies)


def forwarded_for(scope: Scope) -> list[str]:
    """The entries of every `X-Forwarded-For` header, left to right, without ports."""
    entries: list[str] = []
    for name, value in scope["headers"]:
        if name == b"x-forwarded-for":
            entries += [_without_port(entry.strip()) for entry in value.decode("latin-1").split(",") if entry.strip()]
    return entries


def _without_port(entry: str) -> str:
    if entry.startswith("["):
        return entry[1:].partition("]")[0]
    return entry.partition(":")[0] if entry.count(":") == 1 else entry
