"""From method and path to a plan: one dictionary look-up for fixed paths, a walk down the segments for the others.

A fixed segment wins over a parameter (`/users/me` over `/users/{id}`), whatever the order of registration and the method, as
OpenAPI 3.1 reads paths; only a route for the rest of a path stands behind others. There are no redirects for slashes. HEAD is
answered wherever GET is; OPTIONS and 405 name every method that the path knows.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..errors import Malformed, NotFound
from ..module import BootRefused
from .problems import MethodNotAllowed

WILD = ""  # a path never has an empty segment, so this key cannot be asked for


@dataclass(slots=True)
class Endpoint:
    """What stands at one path: an ASGI application per method, and the names of the path's parameters in order."""

    path: str
    names: tuple[str, ...]
    methods: dict[str, ASGIApp] = field(default_factory=dict)

    @property
    def takes_rest(self) -> bool:
        """Whether its last parameter is the rest of the path."""
        return self.path.endswith(":path}")


@dataclass(slots=True)
class Node:
    """One segment of the tree of paths."""

    children: "dict[str, Node]" = field(default_factory=dict)
    endpoint: Endpoint | None = None
    rest: Endpoint | None = None


class Dispatch:
    """The table of routes. `foreign` is asked for paths that no route of ours has (mounts, WebSockets)."""

    def __init__(self, foreign: ASGIApp | None = None) -> None:
        self._fixed: dict[str, Endpoint] = {}
        self._root = Node()
        self._foreign = foreign

    def add(self, method: str, path: str, app: ASGIApp) -> None:
        """Add a route; `{name}` stands for one segment, a last `{name:path}` for the rest. Raises BootRefused when it exists."""
        names = tuple(segment[1:-1].partition(":")[0] for segment in path.split("/") if is_parameter(segment))
        endpoint = self._endpoint(path, names)
        if endpoint.names != names:
            raise BootRefused(f"The routes {endpoint.path} and {path} name their parameters differently.")
        if method in endpoint.methods:
            raise BootRefused(f"Two routes answer {method} {path}.")
        endpoint.methods[method] = app

    def _endpoint(self, path: str, names: tuple[str, ...]) -> Endpoint:
        if not names:
            return self._fixed.setdefault(path, Endpoint(path, names))
        node = self._root
        for segment in path.split("/")[1:]:
            if is_parameter(segment) and segment.endswith(":path}"):
                node.rest = node.rest or Endpoint(path, names)
                return node.rest
            node = node.children.setdefault(WILD if is_parameter(segment) else segment, Node())
        node.endpoint = node.endpoint or Endpoint(path, names)
        return node.endpoint

    def at(self, path: str) -> Iterator[tuple[Endpoint, dict[str, str]]]:
        """What stands at a path, with the values of its parameters, in the order in which a request is offered to them."""
        fixed = self._fixed.get(path)
        if fixed is not None:
            yield fixed, {}
        for endpoint, values in _matches(self._root, path.split("/"), 1, ()):
            yield endpoint, dict(zip(endpoint.names, values, strict=True))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._elsewhere(scope, receive, send)
            return
        method = scope["method"]
        fixed = self._fixed.get(scope["path"])
        if fixed is not None and (app := fixed.methods.get(method)) is not None:
            scope["path_params"] = {}
            await app(scope, receive, send)
            return
        await self._search(method, fixed, scope, receive, send)

    async def _search(self, method: str, fixed: Endpoint | None, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        allowed: dict[str, None] = {}
        head: tuple[ASGIApp, dict[str, str]] | None = None
        for endpoint, values in self._answering(fixed, path):
            params = dict(zip(endpoint.names, values, strict=True))
            app = endpoint.methods.get(method)
            if app is not None:
                if "\0" in path:
                    raise Malformed("The path holds the character NUL.")
                scope["path_params"] = params
                await app(scope, receive, send)
                return
            if head is None and method == "HEAD" and "GET" in endpoint.methods:
                head = endpoint.methods["GET"], params
            allowed.update(dict.fromkeys(endpoint.methods))
        if head is not None:
            app, scope["path_params"] = head
            await app(scope, receive, without_body(send))
        elif not allowed:
            await self._elsewhere(scope, receive, send)
        elif method == "OPTIONS":
            await send({"type": "http.response.start", "status": 204, "headers": [(b"allow", allow_of(allowed).encode())]})
            await send({"type": "http.response.body", "body": b""})
        else:
            raise MethodNotAllowed(allow_of(allowed))

    def _answering(self, fixed: Endpoint | None, path: str) -> Iterator[tuple[Endpoint, tuple[str, ...]]]:
        """The endpoint that the path means, then those for the rest of a path."""
        if fixed is not None:
            yield fixed, ()
        is_found = fixed is not None
        for endpoint, values in _matches(self._root, path.split("/"), 1, ()):
            if not is_found or endpoint.takes_rest:
                yield endpoint, values
            is_found = True

    async def _elsewhere(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._foreign is None:
            raise NotFound()
        await self._foreign(scope, receive, send)


def is_parameter(segment: str) -> bool:
    """Whether a segment of a route's path is a parameter."""
    return segment.startswith("{") and segment.endswith("}")


def allow_of(methods: dict[str, None]) -> str:
    """The `Allow` header for these methods."""
    known = set(methods) | {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())
    return ", ".join(sorted(known))


def without_body(send: Send) -> Send:
    """`send` for HEAD: the headers of GET, no body (RFC 9110 9.3.2)."""

    async def send_headers(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {"type": "http.response.body", "body": b"", "more_body": message.get("more_body", False)}
        await send(message)

    return send_headers


def _matches(node: Node, segments: list[str], at: int, values: tuple[str, ...]) -> Iterator[tuple[Endpoint, tuple[str, ...]]]:
    if at == len(segments):
        if node.endpoint is not None:
            yield node.endpoint, values
        return
    segment = segments[at]
    if segment:
        fixed = node.children.get(segment)
        if fixed is not None:
            yield from _matches(fixed, segments, at + 1, values)
        wild = node.children.get(WILD)
        if wild is not None:
            yield from _matches(wild, segments, at + 1, (*values, segment))
    if node.rest is not None:
        yield node.rest, (*values, "/".join(segments[at:]))
