"""`Idempotency-Key`: the same request sent twice happens once, and both get the same answer (ARCHITECTURE 10 i, API.md).

A route with a unit of work keeps its answer in the same transaction as its effect. Work with units of its own marks its key as
running first and keeps its answer at the end. Only successes and refusals by the domain are kept: after anything else the client
may try again with the same key.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from .. import clock
from ..database import RunAgain
from ..errors import Conflict, Gone, Invalid, MainspringError, NotFound, PaymentRefused
from .dependencies import open_write_unit
from .exchange import Exchange
from .idempotency_key import caller_of, fingerprints, key_of
from .in_flight import InFlight
from .kept_answers import CLAIM, FINISH, FORGET, KEEP, KEPT, KeptAnswer
from .problems import StepRefused, render

if TYPE_CHECKING:
    from ..database import UnitOfWork

KEPT_FOR = timedelta(hours=24)
GRACE = timedelta(seconds=5)  # beyond the longest time of a request, when whoever runs it must be dead
RETRY_SECONDS = 1.0
KEPT_REFUSALS = (PaymentRefused, NotFound, Conflict, Gone, Invalid)
NEVER_KEPT = frozenset((b"content-length", b"vary", b"set-cookie"))

Headers = list[tuple[bytes, bytes]]


class Answered(Protocol):
    """A rendered answer."""

    status: int
    headers: Headers
    content: bytes


Keep = Callable[["Answered | MainspringError"], None]
Attempt = Callable[["Keep | None"], Awaitable[Answered]]


class KeyReused(Invalid):
    """The key was used for another request (422)."""

    code, message = "IDEMPOTENCY_KEY_REUSED", "This Idempotency-Key was used for another request."


class StillRunning(Conflict):
    """The first request with this key has no answer yet (409)."""

    code, message = "IDEMPOTENCY_KEY_IN_FLIGHT", "The first request with this Idempotency-Key is still running."
    retry_after = RETRY_SECONDS


@dataclass(frozen=True, slots=True)
class Asked:
    """One request with a key: whose it is, what it asks for, and the headers that the answer had before the route ran."""

    caller: str
    key: str
    route: str
    prints: list[str]
    before: dict[bytes, bytes]

    @property
    def names(self) -> dict[str, Any]:
        """What finds its row."""
        return {"caller": self.caller, "key": self.key}

    @property
    def request(self) -> dict[str, Any]:
        """What its row says about the request."""
        return {**self.names, "route": self.route, "body_sha256": self.prints[0]}


class Idempotency:
    """Answers repeated requests of one route.

    `in_unit` routes have one write unit, the others units of their own. A `replayable` one may run twice when two transactions
    were in each other's way.
    """

    def __init__(self, *, in_unit: bool, replayable: bool = False) -> None:
        self.in_unit, self.replayable = in_unit, replayable

    async def once(self, exchange: Exchange, route: str, body: bytes, attempt: Attempt) -> tuple[int, Headers, bytes]:
        """Carry out `attempt` unless it was carried out before. Raises Malformed, KeyReused or StillRunning."""
        asked = Asked(caller_of(exchange), key_of(exchange), route, fingerprints(exchange, body), dict(exchange.headers))
        file: Path | None = getattr(exchange.application.databases[exchange.database], "path", None)  # where SQLite keeps it
        is_shared = file is not None
        under_way = InFlight(file.parent if file else exchange.application.settings.data_dir, is_shared=is_shared)
        name = f"{exchange.database} {asked.caller} {asked.key}"
        if not under_way.enter(name):
            raise StillRunning()
        try:
            if not self.in_unit:
                return await self._as_workflow(exchange, asked, attempt, is_alone=is_shared)
            try:
                return await self._in_unit(exchange, asked, attempt)
            except RunAgain:
                if not self.replayable:
                    raise
            return await self._in_unit(exchange, asked, attempt)
        finally:
            under_way.leave(name)

    async def _in_unit(self, exchange: Exchange, asked: Asked, attempt: Attempt) -> tuple[int, Headers, bytes]:
        unit = open_write_unit(exchange)
        try:
            kept = await self._found(unit, asked)
        except BaseException:
            await _let_go(exchange)
            raise
        if kept is not None:
            await _let_go(exchange)
            return replayed(kept, asked)
        refused: list[tuple[int, Headers, bytes]] = []  # with writes that stay: kept together with them

        def keep(told: "Answered | MainspringError") -> None:
            if not isinstance(told, MainspringError):
                fields = _done(told.status, _headers(told, exchange, asked), told.content)
            elif is_kept(told):
                refused.append(render(told, exchange))
                fields = _done(*refused[-1])
            else:
                return
            unit.before_commit(KEEP, **asked.request, **fields)

        try:
            answer = await attempt(keep)
        except MainspringError as problem:
            if refused:
                return refused[-1]
            if not is_kept(problem):
                raise
            status, headers, content = render(problem, exchange)
            async with exchange.application.unit(exchange) as second:
                if await self._found(second, asked) is None:
                    await second.run(KEEP, **asked.request, **_done(status, headers, content))
            return status, headers, content
        return answer.status, answer.headers, answer.content

    async def _found(self, unit: "UnitOfWork", asked: Asked) -> KeptAnswer | None:
        """What is kept for the key, holding the key until the unit ends."""
        if not await unit.lock(f"idempotency {asked.caller} {asked.key}"):
            raise StillRunning()
        kept = await unit.one(KEPT, **asked.names)
        if kept is not None and kept.expires_at <= clock.now():
            await unit.run(FORGET, **asked.names)
            return None
        return kept

    async def _as_workflow(
        self, exchange: Exchange, asked: Asked, attempt: Attempt, *, is_alone: bool
    ) -> tuple[int, Headers, bytes]:
        """With units of its own. Who `is_alone` with the key knows that whoever left it running is dead."""
        application = exchange.application
        lease = _running_until(clock.after(application.settings.request_timeout + GRACE))
        async with application.unit(exchange) as unit:
            kept = await self._found(unit, asked)
            if kept is not None and kept.state != "done" and is_alone:
                await unit.run(FORGET, **asked.names)
                kept = None
            if kept is None and not await unit.run(CLAIM, **asked.request, **lease):
                raise StillRunning()
        if kept is not None:
            return replayed(kept, asked)
        try:
            answer = await attempt(None)
        except MainspringError as problem:
            if not is_kept(problem):
                await self._forget(exchange, asked)
                raise
            refusal = render(problem, exchange)
            async with application.unit(exchange) as unit:
                await unit.run(FINISH, **asked.names, **_answer(*refusal))
            return refusal
        except BaseException:
            await self._forget(exchange, asked)
            raise
        async with application.unit(exchange) as unit:
            await unit.run(FINISH, **asked.names, **_answer(answer.status, _headers(answer, exchange, asked), answer.content))
        return answer.status, answer.headers, answer.content

    async def _forget(self, exchange: Exchange, asked: Asked) -> None:
        async with exchange.application.unit(exchange) as unit:
            await unit.run(FORGET, **asked.names)


def is_kept(problem: MainspringError) -> bool:
    """Whether a refusal is the domain's answer, which a repetition gets again."""
    inner = problem.inner if isinstance(problem, StepRefused) else problem
    return isinstance(inner, KEPT_REFUSALS) and not isinstance(inner, StillRunning)


def replayed(kept: KeptAnswer, asked: Asked) -> tuple[int, Headers, bytes]:
    """The kept answer, marked as given again. Raises KeyReused or StillRunning."""
    if kept.route != asked.route or kept.body_sha256 not in asked.prints:
        raise KeyReused()
    if kept.state != "done":
        raise StillRunning()
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in kept.headers]
    if kept.status != 204:
        headers.append((b"content-length", b"%d" % len(kept.body)))
    headers.append((b"idempotent-replayed", b"true"))
    return kept.status, headers, kept.body


def _headers(rendered: Answered, exchange: Exchange, asked: Asked) -> Headers:
    """The headers of the answer: those that were rendered, and those that the route set on its own."""
    own = [(name, value) for name, value in exchange.headers.items() if asked.before.get(name) != value]
    return [*rendered.headers, *own]


def _done(status: int, headers: Headers, content: bytes) -> dict[str, Any]:
    return {"state": "done", **_answer(status, headers, content)}


def _answer(status: int, headers: Headers, content: bytes) -> dict[str, Any]:
    kept = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in headers if name not in NEVER_KEPT]
    return {"status": status, "headers": kept, "body": content, "expires_at": clock.after(KEPT_FOR)}


def _running_until(moment: datetime) -> dict[str, Any]:
    return {"state": "running", "status": 0, "headers": [], "body": b"", "expires_at": moment}


async def _let_go(exchange: Exchange) -> None:
    unit, exchange.unit = exchange.unit, None
    if unit is not None:
        await unit.rollback()
