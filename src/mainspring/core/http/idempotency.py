"""`Idempotency-Key`: the same request sent twice happens once, and both get the same answer (ARCHITECTURE 10 i, API.md).

A route with a unit of work keeps its answer in the same transaction as its effect. A workflow has units of its own; its key is
marked as running first and gets its answer at the end. Only successes and refusals by the domain are kept: after anything else
the client may try again with the same key.
"""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Protocol

from .. import clock
from ..errors import Conflict, Gone, Invalid, Malformed, NotFound, PaymentRefused
from .dependencies import open_write_unit
from .exchange import Exchange
from .kept_answers import CLAIM, FINISH, FORGET, FORGET_OLD, KEEP, KEPT, KeptAnswer
from .problems import render

if TYPE_CHECKING:
    from ..database import UnitOfWork

KEPT_FOR = timedelta(hours=24)
LEASE = timedelta(minutes=2)
SANE = re.compile(rb"[\x21-\x7e]{1,255}")
KEPT_REFUSALS = (PaymentRefused, NotFound, Conflict, Gone, Invalid)
KEPT_HEADERS = frozenset((b"content-type", b"location", b"etag"))
SWEEP_EVERY = 100

Headers = list[tuple[bytes, bytes]]


class Answered(Protocol):
    """A rendered answer."""

    status: int
    headers: Headers
    content: bytes


Attempt = Callable[["Callable[[Answered], None] | None"], Awaitable[Answered]]


class KeyReused(Invalid):
    """The key was used for another request (422)."""

    code, message = "IDEMPOTENCY_KEY_REUSED", "This Idempotency-Key was used for another request."


class StillRunning(Conflict):
    """The first request with this key has no answer yet (409)."""

    code, message = "IDEMPOTENCY_KEY_IN_FLIGHT", "The first request with this Idempotency-Key is still running."


class Idempotency:
    """Answers repeated requests of one route. `in_unit` routes have one write unit; the others are workflows."""

    def __init__(self, *, in_unit: bool) -> None:
        self.in_unit = in_unit
        self._running: set[tuple[str, str]] = set()
        self._count = 0

    async def once(self, exchange: Exchange, route: str, body: bytes, attempt: Attempt) -> tuple[int, Headers, bytes]:
        """Carry out `attempt` unless it was carried out before. Raises Malformed, KeyReused or StillRunning."""
        names = {"caller": caller_of(exchange), "key": key_of(exchange)}
        request = {**names, "route": route, "body_sha256": sha256(body).hexdigest()}
        running = (names["caller"], names["key"])
        if running in self._running:
            raise StillRunning()
        self._running.add(running)
        try:
            return await (self._in_unit if self.in_unit else self._as_workflow)(exchange, names, request, attempt)
        finally:
            self._running.discard(running)

    async def _in_unit(self, exchange: Exchange, names: Any, request: Any, attempt: Attempt) -> tuple[int, Headers, bytes]:
        unit = open_write_unit(exchange)
        try:
            kept = await self._found(unit, names, request)
        except BaseException:
            await _let_go(exchange)
            raise
        if kept is not None:
            await _let_go(exchange)
            return replayed(kept, request)
        try:
            answer = await attempt(lambda rendered: unit.before_commit(KEEP, **request, **_done(rendered)))
        except KEPT_REFUSALS as problem:
            status, headers, content = render(problem, exchange)
            async with exchange.application.unit(exchange) as second:
                if await self._found(second, names, request) is None:
                    await second.run(KEEP, **request, **_fields(status, headers, content))
            return status, headers, content
        return answer.status, answer.headers, answer.content

    async def _found(self, unit: "UnitOfWork", names: Any, request: Any) -> KeptAnswer | None:
        """What is kept for the key, holding the key until the unit ends."""
        if not await unit.lock(f"idempotency {names['caller']} {names['key']}"):
            raise StillRunning()
        self._count += 1
        if self._count % SWEEP_EVERY == 1:
            await unit.run(FORGET_OLD, now=clock.now())
        kept = await unit.one(KEPT, **names)
        if kept is not None and kept.expires_at <= clock.now():
            await unit.run(FORGET, **names)
            return None
        return kept

    async def _as_workflow(self, exchange: Exchange, names: Any, request: Any, attempt: Attempt) -> tuple[int, Headers, bytes]:
        application = exchange.application
        async with application.unit(exchange) as unit:
            kept = await self._found(unit, names, request)
            if kept is None and not await unit.run(CLAIM, **request, **_running_until(clock.after(LEASE))):
                raise StillRunning()
        if kept is not None:
            return replayed(kept, request)
        try:
            answer = await attempt(None)
        except KEPT_REFUSALS as problem:
            refusal = render(problem, exchange)
            async with application.unit(exchange) as unit:
                await unit.run(FINISH, **names, **_answer(*refusal))
            return refusal
        except BaseException:
            async with application.unit(exchange) as unit:
                await unit.run(FORGET, **names)
            raise
        async with application.unit(exchange) as unit:
            await unit.run(FINISH, **names, **_answer(answer.status, answer.headers, answer.content))
        return answer.status, answer.headers, answer.content


def key_of(exchange: Exchange) -> str:
    """The key that was sent. Raises Malformed when it is no visible ASCII text of 1 to 255 characters."""
    sent = exchange.received[b"idempotency-key"]
    if not SANE.fullmatch(sent):
        raise Malformed("Idempotency-Key must be 1 to 255 visible ASCII characters.")
    return sent.decode("ascii")


def caller_of(exchange: Exchange) -> str:
    """Whose key it is: keys of different callers never meet; each API key is a caller of its own."""
    if exchange.key_id is not None:
        return f"key {exchange.key_id}"
    return str(exchange.user_id) if exchange.user_id else f"address {exchange.address}"[:64]


def replayed(kept: KeptAnswer, request: dict[str, Any]) -> tuple[int, Headers, bytes]:
    """The kept answer, marked as given again. Raises KeyReused or StillRunning."""
    if (kept.route, kept.body_sha256) != (request["route"], request["body_sha256"]):
        raise KeyReused()
    if kept.state != "done":
        raise StillRunning()
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in kept.headers]
    if kept.status != 204:
        headers.append((b"content-length", b"%d" % len(kept.body)))
    headers.append((b"idempotent-replayed", b"true"))
    return kept.status, headers, kept.body


def _done(rendered: Answered) -> dict[str, Any]:
    return _fields(rendered.status, rendered.headers, rendered.content)


def _fields(status: int, headers: Headers, content: bytes) -> dict[str, Any]:
    return {"state": "done", **_answer(status, headers, content)}


def _answer(status: int, headers: Headers, content: bytes) -> dict[str, Any]:
    kept = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in headers if name in KEPT_HEADERS]
    return {"status": status, "headers": kept, "body": content, "expires_at": clock.after(KEPT_FOR)}


def _running_until(moment: Any) -> dict[str, Any]:
    return {"state": "running", "status": 0, "headers": [], "body": b"", "expires_at": moment}


async def _let_go(exchange: Exchange) -> None:
    unit, exchange.unit = exchange.unit, None
    if unit is not None:
        await unit.rollback()
