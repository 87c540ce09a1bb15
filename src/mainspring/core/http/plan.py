"""How a route is carried out: the steps of a request, decided once when the application starts (ARCHITECTURE 10 d).

FastAPI declares the route and describes it in OpenAPI. A plan calls it without FastAPI's solver when every parameter is of a kind
we know; a route with a foreign `Depends` goes through the solver, with the same order of steps and the same answers.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import solve_dependencies
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ..errors import Invalid, MainspringError
from ..security.guard import Guard
from .bodies import NoBody
from .exchange import KEY, Exchange
from .messages import describe
from .parameters import Parameters, Values
from .rendering import Render

if TYPE_CHECKING:
    from ..database import UnitOfWork  # type: ignore[attr-defined, unused-ignore]

JSON_TYPE = (b"content-type", b"application/json")
Argument = tuple[str, Callable[[Exchange], Any]]  # Any: each kind of argument has a type of its own


@dataclass(slots=True)
class Plan:
    """Carries out the requests of one route, in this order: guards, parameters, body, endpoint, rendering, commit, sending.

    `arguments` are made from the exchange alone. `foreign` is what FastAPI's solver must solve, `native` the whole route as
    FastAPI runs it (streams). A `replayable` route touches nothing but its unit, so it may run twice.
    """

    label: str
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
    foreign: Dependant | None = None
    embed_body_fields: bool = False
    overrides: Any = None  # Any: FastAPI's own provider of test overrides
    native: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange: Exchange = scope[KEY]
        exchange.route = self.label
        if self.guards:
            principal = await exchange.caller()
            for guard in self.guards:
                guard.admit(exchange, principal)
        if self.native is not None:
            await self.native(scope, receive, send)
            return
        loaded: Any = None
        if self.has_body:
            loaded, _ = await self.body.load(exchange, receive)
        if self.foreign is not None:
            await self._with_solver(exchange, loaded, receive, send)
            return
        values: Values = {}
        errors = [] if self.parameters.empty else self.parameters.read(exchange, scope["path_params"], values)
        if self.has_body:
            self.body.validate(loaded, values, errors)
        if errors:
            raise Invalid(details=describe(errors))
        answer, content = await self._carried_out(exchange, values)
        if content is None:
            await answer(scope, receive, send)
            return
        headers = [] if self.status == 204 else [JSON_TYPE, (b"content-length", b"%d" % len(content))]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    async def _carried_out(self, exchange: Exchange, values: Values) -> tuple[Any, bytes | None]:
        """Run the endpoint, render, commit: once more when the database chose this transaction as the victim of a conflict."""
        try:
            return await self._attempt(exchange, values)
        except MainspringError as problem:
            if not (self.replayable and getattr(problem, "replay", False)):
                raise
        return await self._attempt(exchange, values)

    async def _attempt(self, exchange: Exchange, values: Values) -> tuple[Any, bytes | None]:
        for name, make in self.arguments:
            values[name] = make(exchange)
        try:
            answer = await self.endpoint(**values)
            content = None if isinstance(answer, Response) else self.render(answer)
            if self.status == 201 and content is not None:
                _point_to(answer, exchange)
            if self.writes and exchange.unit is not None:
                exchange.may_cancel = False
                await exchange.unit.commit()
        except BaseException as problem:
            unit, exchange.unit = exchange.unit, None
            if unit is not None and self.writes:
                await _end_refused(unit, problem)
            raise
        return answer, content

    async def _with_solver(self, exchange: Exchange, loaded: Any, receive: Receive, send: Send) -> None:
        """The same steps with FastAPI's solver in place of our own reading of parameters."""
        scope = exchange.scope
        assert self.foreign is not None  # noqa: S101 - the caller asked
        async with AsyncExitStack() as request_stack:
            scope["fastapi_inner_astack"] = request_stack
            async with AsyncExitStack() as function_stack:
                scope["fastapi_function_astack"] = function_stack
                solved = await solve_dependencies(
                    request=Request(scope, receive, send),
                    dependant=self.foreign,
                    body=loaded,
                    dependency_overrides_provider=self.overrides,
                    async_exit_stack=request_stack,
                    embed_body_fields=self.embed_body_fields,
                )
                if solved.errors:
                    raise Invalid(details=describe(solved.errors))
                answer, content = await self._attempt(exchange, dict(solved.values))
            headers = [pair for pair in solved.response.headers.raw if pair[0] != b"content-length"]
            if content is None:
                response: Response = answer
            else:
                status = solved.response.status_code or self.status
                response = Response(content, status, media_type=None if status == 204 else "application/json")
            response.raw_headers.extend(headers)
            await response(scope, receive, send)
            if solved.background_tasks is not None:
                await solved.background_tasks()


async def _end_refused(unit: "UnitOfWork", problem: BaseException) -> None:
    """Roll back, or commit when the refusal keeps its writes. Waits for the driver even while the request is cancelled."""
    if isinstance(problem, MainspringError) and problem.keep_writes:
        await unit.commit()
        return
    await asyncio.shield(unit.rollback())


def _point_to(answer: object, exchange: Exchange) -> None:
    """201 says where the created thing is, below the collection it was posted to, unless the route said so itself (R-134)."""
    if b"location" not in exchange.headers and (created := getattr(answer, "id", None)) is not None:
        exchange.headers[b"location"] = f"{exchange.path.rstrip('/')}/{created}".encode()
