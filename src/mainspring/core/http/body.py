"""Reading a request's body: size, media type, JSON (ARCHITECTURE 10 o, R-118, R-119).

Everything refused here is refused without repeating what was sent (D-50).
"""

import asyncio
import re
from math import isinf
from typing import Any

import jiter
from starlette.types import Message, Receive

from .. import clock
from ..errors import Invalid, Malformed
from .exchange import Exchange
from .problems import PayloadTooLarge, UnsupportedMediaType

LARGE_BYTES = 1024 * 1024
MANY_VALUES = 400_000  # with about 64 bytes a value this keeps the parsed form under 30 MB
_HUGE_NUMBER = re.compile(rb"[0-9.][eE]\+?[0-9]{3}|(?<![0-9])[0-9]{309}")  # the lookbehind keeps the search linear
_LARGE: dict[int, asyncio.Lock] = {}


class ClientGone(Exception):
    """The client closed the connection before its body was complete; nobody is left to answer."""


async def read(receive: Receive, exchange: Exchange, limit: int) -> bytes:
    """The whole body. Raises PayloadTooLarge as soon as it is clear that it has more than `limit` bytes."""
    announced = exchange.received.get(b"content-length")
    if announced is not None:
        refuse_long(announced, limit)
    exchange.reading = True
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        exchange.reading = False
        body: bytes = message.get("body", b"")
        if len(body) > limit:
            raise PayloadTooLarge()
        return body
    return await _read_on(message, receive, exchange, limit)


async def _read_on(message: Message, receive: Receive, exchange: Exchange, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while message["type"] == "http.request":
        chunk = message.get("body", b"")
        chunks.append(chunk)
        size += len(chunk)
        if size > limit:
            raise PayloadTooLarge()
        if not message.get("more_body", False):
            exchange.reading, exchange.since = False, clock.monotonic()
            return b"".join(chunks)
        message = await receive()
    raise ClientGone()


def refuse_long(announced: bytes, limit: int) -> None:
    """Refuse a Content-Length that is over the limit, or not a number."""
    if not announced.isdigit():
        raise Malformed("Content-Length must be a number.")
    if len(announced) > 18 or int(announced) > limit:
        raise PayloadTooLarge()


def is_json(content_type: bytes | None) -> bool:
    """Whether the media type is JSON or built on it (`application/problem+json`)."""
    if content_type is None:
        return False
    if content_type == b"application/json":
        return True
    kind = content_type.partition(b";")[0].strip().lower()
    return kind == b"application/json" or (kind.startswith(b"application/") and kind.endswith(b"+json"))


async def parse_json(body: bytes, exchange: Exchange) -> Any:  # Any: whatever JSON holds
    """The parsed body. Raises UnsupportedMediaType, Malformed (400) or, for NUL inside a text, Invalid (422)."""
    if not is_json(exchange.received.get(b"content-type")):
        raise UnsupportedMediaType()
    if len(body) <= LARGE_BYTES:
        return parse(body)
    async with _one_at_a_time():
        return await asyncio.to_thread(parse, body)


def parse(body: bytes) -> Any:  # Any: see parse_json
    """JSON to Python, strictly: no NaN, no infinity, no key twice, no lone surrogate, at most 200 levels deep."""
    if len(body) > 65_536:
        _refuse_many_values(body)
    try:
        value = jiter.from_json(body, allow_inf_nan=False, catch_duplicate_keys=True)
    except ValueError as problem:
        raise Malformed(_reason(str(problem))) from None
    if _HUGE_NUMBER.search(body) is not None:
        _refuse_infinite(value)
    if b"\\u0000" in body:
        _refuse_nul(value)
    return value


def _one_at_a_time() -> asyncio.Lock:
    loop = id(asyncio.get_running_loop())
    lock = _LARGE.get(loop)
    if lock is None:
        _LARGE.clear()
        lock = _LARGE[loop] = asyncio.Lock()
    return lock


def _refuse_many_values(body: bytes) -> None:
    weight = body.count(b",") + 2 * body.count(b"[") + 4 * body.count(b"{")
    if weight > MANY_VALUES:
        raise PayloadTooLarge("The body holds too many values.")


def _refuse_infinite(value: Any) -> None:
    pending = [value]  # 1e400 is valid JSON and parses to infinity
    while pending:
        item = pending.pop()
        if type(item) is float:
            if isinf(item):
                raise Malformed("The JSON body holds a number that cannot be read.")
        elif type(item) is list:
            pending.extend(item)
        elif type(item) is dict:
            pending.extend(item.values())


def _refuse_nul(value: Any) -> None:
    pending: list[tuple[Any, str]] = [(value, "")]
    while pending:
        item, path = pending.pop()
        if type(item) is str:
            if "\0" in item:
                wrong = {"field": path or "body", "message": "Text must not contain the character NUL", "code": "nul"}
                raise Invalid(details=[wrong])
        elif type(item) is list:
            pending.extend((entry, f"{path}.{index}" if path else str(index)) for index, entry in enumerate(item))
        elif type(item) is dict:
            for key, entry in item.items():
                if "\0" in key:
                    raise Malformed("A name in the JSON body holds the character NUL.")
                pending.append((entry, f"{path}.{key}" if path else key))


def _reason(problem: str) -> str:
    """What is wrong with the JSON, in our words; the parser's own could repeat the input."""
    lowered = problem.lower()
    if "duplicate key" in lowered:
        return "The JSON body names a key twice."
    if "recursion limit" in lowered:
        return "The JSON body is nested too deeply."
    if "number out of range" in lowered or "invalid number" in lowered:
        return "The JSON body holds a number that cannot be read."
    if "surrogate" in lowered or "hex escape" in lowered or "unicode" in lowered:
        return "The JSON body is not valid Unicode."
    if "eof" in lowered:
        return "The JSON body ends too early."
    return "The body is not valid JSON."
