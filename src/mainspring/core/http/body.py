"""Reading a request's body: size, media type, JSON (ARCHITECTURE 10 o, R-118, R-119).

Everything refused here is refused without repeating what was sent (D-50).
"""

import asyncio
import re
from collections.abc import Mapping
from math import isinf
from typing import Any

import jiter
from starlette.types import Message, Receive

from .. import clock
from ..errors import Invalid, Malformed
from .exchange import Exchange
from .messages import describe
from .problems import PayloadTooLarge

LARGE_BYTES = 1024 * 1024
MANY_VALUES = 400_000  # with about 64 bytes a value this keeps the parsed form under 30 MB
# a number that may leave the range of floats or 64 bits; apart they are searched in a third of the time
_LARGE_EXPONENT = re.compile(rb"[0-9.][eE]\+?[0-9]{3}")
_MANY_DIGITS = re.compile(rb"[0-9]{19}")
UNREADABLE_NUMBER = "The JSON body holds a number that is too large."
LEAST, MOST = -(2**63), 2**63 - 1
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


def is_announced(received: Mapping[bytes, bytes]) -> bool:
    """Whether the headers say that a body comes."""
    return received.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in received


async def parse_json(body: bytes) -> Any:  # Any: whatever JSON holds
    """The parsed body. Raises Malformed (400) or, for NUL inside a text, Invalid (422)."""
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
    if _LARGE_EXPONENT.search(body) is not None or _MANY_DIGITS.search(body) is not None:
        _refuse_huge(value)
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


def _refuse_huge(value: Any) -> None:
    pending = [value]  # 1e400 is valid JSON and parses to infinity; a whole number may have thousands of digits
    while pending:
        item = pending.pop()
        if type(item) is float:
            if isinf(item):
                raise Malformed(UNREADABLE_NUMBER)
        elif type(item) is int:
            if not LEAST <= item <= MOST:
                raise Malformed(UNREADABLE_NUMBER)
        elif type(item) is list:
            pending.extend(item)
        elif type(item) is dict:
            pending.extend(item.values())


def _refuse_nul(value: Any) -> None:
    fields = value.items() if type(value) is dict else [("body", value)]
    for field, inner in fields:
        pending = [field, inner]
        while pending:
            item = pending.pop()
            if type(item) is str:
                if "\0" in item:
                    raise Invalid(details=describe([{"type": "nul", "loc": ("body", field.replace("\0", ""))}]))
            elif type(item) is list:
                pending.extend(item)
            elif type(item) is dict:
                pending.extend(item)
                pending.extend(item.values())


def _reason(problem: str) -> str:
    """What is wrong with the JSON, in our words; the parser's own could repeat the input."""
    lowered = problem.lower()
    if "duplicate key" in lowered:
        return "The JSON body names a key twice."
    if "recursion limit" in lowered:
        return "The JSON body is nested too deeply."
    if "number out of range" in lowered or "invalid number" in lowered:
        return UNREADABLE_NUMBER
    if "surrogate" in lowered or "hex escape" in lowered or "unicode" in lowered:
        return "The JSON body is not valid Unicode."
    if "eof" in lowered:
        return "The JSON body ends too early."
    return "The body is not valid JSON."
