"""What a route may ask for in its signature: a unit of work, the application, the context, and a say in the answer's headers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from fastapi import Depends, Request

from ..context import Context
from . import exchange as exchanges
from .cookies import Cookie

if TYPE_CHECKING:
    from ..application import Application
    from ..database import UnitOfWork
else:
    # FastAPI evaluates annotations when a route is declared; importing the real classes here would be a circle.
    Application = UnitOfWork = object


READING_METHODS = frozenset(("GET", "HEAD", "OPTIONS"))


class Reply:
    """The status and the headers of the answer under way. What a route sets here wins over what would be set by itself."""

    __slots__ = ("_exchange",)

    def __init__(self, exchange: exchanges.Exchange) -> None:
        self._exchange = exchange

    @property
    def status(self) -> int | None:
        """The status that the route asked for instead of the declared one."""
        return self._exchange.chosen

    @status.setter
    def status(self, status: int) -> None:
        self._exchange.chosen = status

    def header(self, name: str, value: str) -> None:
        """Set a header of the answer. Raises ValueError for a line break, which would start another header."""
        if "\r" in value or "\n" in value:
            raise ValueError(f"the value of {name} holds a line break")
        self._exchange.headers[name.lower().encode("latin-1")] = value.encode("latin-1")

    def location(self, path: str) -> None:
        """Say where the created thing is (R-134)."""
        self.header("location", path)

    def accepted(self, job_id: UUID) -> None:
        """Answer 202: the work goes on as a job, and `Location` is where to see how it is doing."""
        self.status = 202
        self.location(f"/api/v1/jobs/{job_id}")

    def cookie(self, cookie: Cookie) -> None:
        """Set a cookie."""
        if self._exchange.cookies_out is None:
            self._exchange.cookies_out = []
        self._exchange.cookies_out.append(cookie.render())


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it came: its headers by lower-case name, its body and its query, whatever they hold."""

    headers: Mapping[str, str]
    body: bytes
    query: str = ""


def headers_of(exchange: exchanges.Exchange) -> dict[str, str]:
    """The headers of the request by lower-case name."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in exchange.received.items()}


def query_of(exchange: exchanges.Exchange) -> str:
    """The query of the request, not decoded."""
    query: bytes = exchange.scope["query_string"]
    return query.decode("latin-1")


async def write_unit(request: Request) -> Any:
    """The request's unit of work, committed once after the answer is rendered; opened at its first statement."""
    return open_write_unit(exchanges.of(request.scope))


async def read_unit(request: Request) -> Any:
    """A unit that only reads: every statement on its own, nothing to commit."""
    return open_read_unit(exchanges.of(request.scope))


async def unit_of_method(request: Request) -> Any:
    """The request's unit of work: one that reads for GET and HEAD, one that writes for other methods."""
    return open_unit_of_method(exchanges.of(request.scope))


async def application_of(request: Request) -> Any:
    """The running application, for workflows that open units of their own."""
    return exchanges.of(request.scope).application


async def context_of(request: Request) -> Context:
    """What is known about this request."""
    return exchanges.of(request.scope)


async def answered_once(request: Request) -> None:
    """The dependency behind `repeatable`."""


async def answered_afresh(request: Request) -> None:
    """The dependency behind `shown_once`."""


async def asked_alone(request: Request) -> None:
    """The dependency behind `alone`."""


async def reply_of(request: Request) -> Reply:
    """The answer under way."""
    return Reply(exchanges.of(request.scope))


async def sent_of(request: Request) -> Sent:
    """The request as it came."""
    return Sent(headers_of(exchanges.of(request.scope)), await request.body(), query_of(exchanges.of(request.scope)))


def open_write_unit(exchange: exchanges.Exchange) -> "UnitOfWork":
    """The exchange's one write unit."""
    if exchange.unit is None:
        exchange.unit = exchange.application.databases[exchange.database].begin_unit(exchange)
    return exchange.unit


def open_read_unit(exchange: exchanges.Exchange) -> "UnitOfWork":
    """The exchange's write unit if it has one, so that it reads what it wrote, else a unit for reading."""
    if exchange.unit is None:
        exchange.unit = exchange.application.databases[exchange.database].begin_reading(exchange)
    return exchange.unit


def open_unit_of_method(exchange: exchanges.Exchange) -> "UnitOfWork":
    """The unit that suits the request's method."""
    return open_read_unit(exchange) if exchange.method in READING_METHODS else open_write_unit(exchange)


WriteUnit = Annotated[UnitOfWork, Depends(write_unit)]
ReadUnit = Annotated[UnitOfWork, Depends(read_unit)]
App = Annotated[Application, Depends(application_of)]
CallContext = Annotated[Context, Depends(context_of)]
Answer = Annotated[Reply, Depends(reply_of)]
RawRequest = Annotated[Sent, Depends(sent_of)]

repeatable: Any = Depends(answered_once)
"""`@router.post(..., dependencies=[repeatable])`: `Idempotency-Key` counts, though the router says `never_stored`."""

shown_once: Any = Depends(answered_afresh)
"""`@router.post(..., dependencies=[shown_once])`: the answer holds a secret, so `Idempotency-Key` does not keep it."""

alone: Any = Depends(asked_alone)
"""`@router.post(..., dependencies=[alone])`: no operation of a batch, as where a refusal has `keep_writes`."""
