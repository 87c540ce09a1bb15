"""One request to a program in this process."""

from collections.abc import Sequence
from typing import Any

import orjson

from mainspring.core.http.app import HttpApp


async def asked(
    program: HttpApp, method: str, path: str, query: str, headers: Sequence[tuple[bytes, bytes]], content: bytes
) -> tuple[int, Any]:
    """One request over ASGI, without a socket."""
    status, parts = 0, []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        else:
            parts.append(message.get("body", b""))

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": list(headers),
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
    }
    await program(scope, receive, send)
    try:
        return status, orjson.loads(b"".join(parts))
    except orjson.JSONDecodeError:
        return status, None
