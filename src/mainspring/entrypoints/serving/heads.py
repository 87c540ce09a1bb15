"""What the head of a request says, and what is refused in it (RFC 9112, 3)."""

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from .connection import Connection

MOST_HEADERS = 128
REFUSALS = {
    400: b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
    408: b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
    431: b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
}


class Refused(Exception):
    """Raised while a head is read; `status` is the answer."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def scope_of(connection: "Connection", method: bytes, version: str) -> dict[str, Any]:
    """The ASGI scope of the head that a connection has read. Raises Refused for a target that is no path."""
    target, _, query = connection.target.partition(b"?")
    if target[:1] != b"/":
        target = _path_of(target)
    if b"#" in connection.target or version not in ("1.1", "1.0"):
        raise Refused(400)
    path = target.decode("ascii")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": version,
        "method": method.decode("ascii"),
        "scheme": "http",
        "path": unquote(path) if "%" in path else path,
        "raw_path": target,
        "query_string": query,
        "root_path": "",
        "headers": connection.headers,
        "client": connection.client,
        "server": connection.own,
        "state": connection.server.state.copy(),
    }


def address(name: Any) -> tuple[str, int] | None:
    """Host and port of a socket's name; None for a socket without them."""
    return (str(name[0]), int(name[1])) if isinstance(name, tuple) else None


def _path_of(target: bytes) -> bytes:
    """The path of an absolute-form target (RFC 9112, 3.2.2). `*` and authorities have none here."""
    scheme, separator, rest = target.partition(b"://")
    if not separator or scheme.lower() not in (b"http", b"https"):
        raise Refused(400)
    return b"/" + rest.partition(b"/")[2]
