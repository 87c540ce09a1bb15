"""How a route is carried out: the steps of a request, decided once when the application starts (ARCHITECTURE 10 d).

FastAPI declares the route and describes it in OpenAPI. A plan calls it without FastAPI's solver when every parameter is of a kind
we know; a route with a foreign `Depends` goes through the solver, with the same order of steps and the same answers.
"""

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from fastapi.dependencies.models import Dependant
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ..database import RunAgain
from ..errors import Invalid, MainspringError, PreconditionFailed
from ..security.guard import Guard
from .bodies import NoBody, limited
from .conditional import etag_of, is_expected, is_unchanged, refuse_long_tags
from .exchange import KEY, Exchange
from .foreign_way import answer_with_solver
from .idempotency import Idempotency, Keep
from .idempotency_key import HEADER as KEY_HEADER
from .limiting import CountedRoute, RouteLimit
from .links import ASKED, Linking, Offers, take_from_query
from .messages import describe
from .parameters import Parameters, Values
from .rendering import Render

if TYPE_CHECKING:
    from ..settings import Settings

JSON_TYPE = (b"content-type", b"application/json")
Argument = tuple[str, Callable[[Exchange], Any]]  # Any: each kind of argument has a type of its own


@dataclass(slots=True)
class Rendered:
    """An answer, ready to be sent: by us, or by a response object that the route made itself."""

    status: int
    headers: list[tuple[bytes, bytes]]
    content: bytes
    response: Response | None = None


@dataclass(slots=True)
class Plan:
    """Carries out the requests of one route: guards, limits, body, parameters, endpoint, rendering, commit, sending.

    `arguments` are made from the exchange alone. `foreign` is what FastAPI's solver must solve, `native` the whole route as
    FastAPI runs it (streams). A `replayable` route touches nothing but its unit, so it may run twice. `is_tagged` answers carry
    an ETag; `beside` is the GET of the same path, whose tag `If-Match` names; one that `names_version`
    compares by itself. `idempotency` keeps the answers to requests with a key; one that `is_saga` has the workflow keep them.
    `links` finds where its answers lead; they show the route itself as `name`, if all `offers` agree.
    `unfit` says why the route cannot be part of a batch, None where it can.
    Units are opened on `database`. One that `wants_fresh` looks the caller's session up anew. `limits` are the
    `declared_limits` of the route under the settings of one program, see `of_program`.
    """

    label: str
    path: str
    rule: str
    endpoint: Callable[..., Any]
    guards: Sequence[Guard]
    arguments: Sequence[Argument]
    parameters: Parameters
    body: NoBody
    has_body: bool
    writes: bool
    replayable: bool
    render: Render
    status: int
    is_tagged: bool
    names_version: bool
    body_limit: int
    foreign: Dependant | None = None
    embed_body_fields: bool = False
    overrides: Any = None  # Any: FastAPI's own provider of test overrides
    native: ASGIApp | None = None
    headers: dict[bytes, bytes] | None = None
    vary: bytes | None = None
    idempotency: Idempotency | None = None
    is_saga: bool = False
    database: str = "default"
    wants_fresh: bool = False
    unfit: str | None = None
    declared_limits: Sequence[tuple[str, RouteLimit]] = ()
    limits: Sequence[CountedRoute] = ()
    name: str = ""
    offers: Sequence[Offers] = ()
    links: Linking | None = field(default=None, repr=False)
    beside: "Plan | None" = field(default=None, repr=False)

    def of_program(self, settings: "Settings") -> "Plan":
        """The plan for one program, which has quotas of its own."""
        if not self.declared_limits:
            return self
        return replace(self, limits=[limit.on(name, settings) for name, limit in self.declared_limits])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange: Exchange = scope[KEY]
        exchange.route, exchange.database = self.label, self.database
        if self.headers is not None:
            exchange.headers.update(self.headers)
        if self.vary is not None:
            exchange.vary(self.vary)
        if self.guards:
            principal = await exchange.caller(self.wants_fresh)
            if exchange.limits is not None:
                await exchange.limits.count_caller(exchange, principal)
            for guard in self.guards:
                guard.check(exchange, principal)
            exchange.admitted = self.guards
        elif exchange.limits is not None:
            await exchange.limits.count_shown(exchange)
        for limit in self.limits:
            await limit.count(exchange)
        if self.native is None and (self.is_tagged or self.beside is not None or self.names_version):
            refuse_long_tags(exchange.received)
        if self.links is not None and ASKED in scope["query_string"]:
            take_from_query(exchange)
        if self.native is not None:
            async with AsyncExitStack() as stack:
                scope["fastapi_middleware_astack"] = stack
                await self.native(scope, limited(receive, self.body_limit), send)
            return
        loaded: Any = None
        body = b""
        if self.has_body:
            loaded, body = await self.body.load(exchange, receive)
            exchange.body = body
        if self.foreign is not None:
            await answer_with_solver(self, exchange, loaded, body, receive, send)
            return
        rendered = await self.answered(exchange, self.values_of(exchange, loaded), body)
        if rendered.response is not None:
            await rendered.response(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": rendered.status, "headers": rendered.headers})
        await send({"type": "http.response.body", "body": rendered.content})

    def values_of(self, exchange: Exchange, loaded: Any) -> Values:
        """The typed parameters and body. Raises Invalid with everything that is wrong at once (R-136)."""
        values: Values = {}
        errors = [] if self.parameters.empty else self.parameters.read(exchange, exchange.scope["path_params"], values)
        if self.has_body:
            self.body.validate(loaded, values, errors)
        if errors:
            raise Invalid(details=describe(errors))
        return values

    async def answered(self, exchange: Exchange, values: Values, body: bytes) -> Rendered:
        """The answer, with the writes committed: given again when the request is a repetition, tried twice after a conflict."""
        if self.idempotency is not None and KEY_HEADER in exchange.received:
            status, headers, content = await self.idempotency.once(
                exchange, self.label, body, lambda keep: self._attempt(exchange, values, keep)
            )
            return Rendered(status, headers, content)
        try:
            return await self._attempt(exchange, values)
        except RunAgain:
            if not self.replayable:
                raise
        return await self._attempt(exchange, values)

    async def _attempt(self, exchange: Exchange, values: Values, keep: "Keep | None" = None) -> Rendered:
        """Endpoint, rendering, commit; `keep` stores the answer with the unit's own writes."""
        exchange.may_cancel = True
        try:
            rendered = await self.carried_out(exchange, values)
            unit = exchange.unit
            if unit is not None and self.writes:
                if keep is not None:
                    keep(rendered)
                exchange.may_cancel = False
                await unit.commit()
                exchange.unit = None
        except BaseException as problem:
            exchange.may_cancel = False
            unit, exchange.unit = exchange.unit, None
            if unit is not None and self.writes:
                if isinstance(problem, MainspringError) and problem.keep_writes:
                    if keep is not None:
                        keep(problem)
                    await unit.commit()
                else:
                    await unit.rollback()
            raise
        return rendered

    async def carried_out(self, exchange: Exchange, values: Values) -> Rendered:
        """Endpoint and rendering in the unit of the exchange, which somebody else ends."""
        exchange.chosen = None
        for name, make in self.arguments:
            values[name] = make(exchange)
        if self.beside is not None and (expected := exchange.received.get(b"if-match")) is not None:
            await self._expect(expected, exchange)
        rendered = self._rendered(exchange, await self.endpoint(**values))
        if exchange.wants_links and self.links is not None and rendered.response is None and rendered.status == 200:
            return await self.links.added(exchange, rendered)
        return rendered

    def _rendered(self, exchange: Exchange, answer: Any) -> Rendered:
        if isinstance(answer, Response):  # one that streams has no `body`
            return Rendered(answer.status_code, answer.raw_headers, bytes(getattr(answer, "body", b"")), answer)
        content = self.render(answer)
        status = exchange.chosen or self.status
        if status == 204:
            return Rendered(204, [], b"")
        headers = [JSON_TYPE, (b"content-length", b"%d" % len(content))]
        if self.is_tagged and status == self.status:
            tag = etag_of(answer, content)
            known = exchange.received.get(b"if-none-match")
            if known is not None and exchange.method in ("GET", "HEAD") and is_unchanged(known, tag):
                return Rendered(304, [(b"etag", tag)], b"")
            headers.append((b"etag", tag))
        if status == 201 and b"location" not in exchange.headers and (created := getattr(answer, "id", None)) is not None:
            # below the collection it was posted to, unless the route said otherwise
            headers.append((b"location", f"{exchange.path.rstrip('/')}/{created}".encode()))
        return Rendered(status, headers, content)

    async def _expect(self, expected: bytes, exchange: Exchange) -> None:
        """Compare `If-Match` with the tag of what GET answers now, in the transaction that is about to write."""
        assert self.beside is not None  # noqa: S101 - the caller asked
        if self.writes and exchange.unit is not None:
            await exchange.unit.lock(f"if-match {exchange.path}", wait=True)
        tag = await self.beside.tag_now(exchange)
        if tag is not None and not is_expected(expected, tag):
            raise PreconditionFailed()

    async def tag_now(self, exchange: Exchange) -> bytes | None:
        """The tag that a GET by this caller would show, read in the unit of the exchange; None where the answer has none."""
        values: Values = {}
        if self.parameters.read(exchange, exchange.scope["path_params"], values):
            return None
        for name, make in self.arguments:
            values[name] = make(exchange)
        answer = await self.endpoint(**values)
        return None if isinstance(answer, Response) else etag_of(answer, self.render(answer))
