"""Several operations in one transaction: each is found, guarded, counted and carried out as on its own (D-25, decision 28).

What can be refused before the first statement is refused before it: what does not fit, who may not, who asked too often.
No route is opened that is not open to the caller alone: the guards of an operation see its own method and path, and which route
it is does not depend on what earlier operations answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, NoReturn
from urllib.parse import quote, unquote

import orjson
from fastapi import Depends, Request
from fastapi._compat import Undefined

from ..context import CURRENT
from ..database import RunAgain
from ..errors import Invalid, MainspringError, NotFound
from ..observability.logs import get_logger
from . import exchange as exchanges
from .dispatch import Dispatch, allow_of
from .links import ASKED, take_from_query
from .operation import Operation
from .problems import MethodNotAllowed, PayloadTooLarge, StepRefused, render
from .references import REFERENCE, Answers, Unresolved, names_in

if TYPE_CHECKING:
    from ..database import UnitOfWork
    from ..security.principal import Principal
    from .limiting import RequestLimits
    from .plan import Plan

SHOWN = (b"location", b"etag", b"link", b"deprecation", b"sunset")
OF_THE_WHOLE = (b"content-length", b"content-type", b"if-match", b"if-none-match", b"idempotency-key", b"transfer-encoding")
COUNTED = "mainspring.batch"
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Done:
    """How one operation was answered."""

    id: str
    status: int
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True, slots=True)
class Step:
    """One operation and its route. `path` and `query` may hold references, and so may the values of `params`."""

    index: int
    wish: Operation
    plan: "Plan"
    path: str
    query: str
    params: dict[str, str]
    exchange: exchanges.Exchange


class OperationTable:
    """The routes of a program, for batches, and the limits that count their operations."""

    def __init__(self, table: Dispatch, limits: "RequestLimits | None") -> None:
        self.table, self.limits = table, limits

    def found(self, method: str, path: str) -> "tuple[Plan, dict[str, str]]":
        """The plan of a route, and the values of its parameters. Raises NotFound or MethodNotAllowed."""
        allowed: dict[str, None] = {}
        for endpoint, values in self.table.at(path):
            plan: Any = endpoint.methods.get(method)
            if plan is not None:
                return plan, values
            allowed.update(dict.fromkeys(endpoint.methods))
        if allowed:
            raise MethodNotAllowed(allow_of(allowed))
        raise NotFound()


class OperationsOfRequest:
    """Carries out the operations of one request, in its unit of work."""

    __slots__ = ("_exchange",)

    def __init__(self, exchange: exchanges.Exchange) -> None:
        self._exchange = exchange

    async def run(self, uow: "UnitOfWork", wishes: Sequence[Operation]) -> list[Done]:
        """All of them in their order. Raises Invalid for what cannot be in a batch, StepRefused for the first that is refused."""
        most = self._exchange.application.settings.batch_limit
        if len(wishes) > most:
            _refuse("operations", "too_long", f"A batch has at most {most} operations")
        steps = [self._step(index, wish, wishes) for index, wish in enumerate(wishes)]
        await self._admit(steps)
        answers = Answers(self._exchange.application.settings.body_limit)
        done: list[Done] = []
        for step in steps:
            try:
                done.append(await self._carried_out(step, uow, answers))
            except RunAgain:
                raise  # the whole batch runs once more
            except Exception as problem:
                raise _refused(step.index, step.wish, step.exchange, problem) from problem
            answers.add(step.wish.id, done[-1].body)
        return done

    def _step(self, index: int, wish: Operation, wishes: Sequence[Operation]) -> Step:
        """The operation with its route. Raises Invalid for one that does not fit, StepRefused for a route that is not there."""
        target, _, query = wish.path.partition("?")
        path = unquote(target, errors="replace")
        outer, table = self._exchange, self._exchange.operations
        assert table is not None  # noqa: S101 - the outermost layer gave it
        exchange = _exchange_of(outer, wish, path, query)
        try:
            plan, params = table.found(wish.method, path)
        except MainspringError as problem:
            raise _refused(index, wish, exchange, problem) from problem
        exchange.scope["path_params"] = params
        place = f"operations.{index}"
        if plan.unfit is not None or plan.database != outer.database:
            _refuse(f"{place}.path", "operation_unfit", plan.unfit or "It is about another database.")
        if wish.references:
            earlier, all_ids = {other.id for other in wishes[:index]}, {other.id for other in wishes}
            for part, value in (("path", path), ("path", query), ("body", wish.body)):
                for name in names_in(value):
                    if name not in earlier:
                        what = "does not come before it" if name in all_ids else "is none of the batch"
                        _refuse(f"{place}.{part}", "reference", f"Operation {wish.id} refers to {name}, which {what}")
        return Step(index, wish, plan, path, query, params, exchange)

    async def _admit(self, steps: Sequence[Step]) -> None:
        """Ask the guards of all of them, then count all of them. Raises StepRefused."""
        outer = self._exchange
        principal = await outer.caller()
        for step in steps:
            step.exchange.principal, step.exchange.authenticated = principal, True
            try:
                if step.plan.wants_fresh and principal is not None and not principal.is_program:
                    step.exchange.principal = principal = await outer.caller(fresh=True)
                for guard in step.plan.guards:
                    guard.check(step.exchange, principal)
            except MainspringError as problem:
                raise _refused(step.index, step.wish, step.exchange, problem) from problem
            step.exchange.admitted = step.plan.guards
        if COUNTED in outer.scope:
            return  # it runs once more after a conflict
        outer.scope[COUNTED] = True
        for step in steps:
            try:
                await self._count(step, principal)
            except MainspringError as problem:
                raise _refused(step.index, step.wish, step.exchange, problem) from problem

    async def _count(self, step: Step, principal: "Principal | None") -> None:
        outer = self._exchange
        if step.index and outer.operations is not None and outer.operations.limits is not None:  # the first is the request's own
            if principal is not None and principal.key_id is not None:
                await outer.application.authenticator.principal(outer.scope)
            else:
                await outer.operations.limits.count_caller(outer, principal)
        for limit in step.plan.limits:
            await limit.count(step.exchange)

    async def _carried_out(self, step: Step, uow: "UnitOfWork", answers: Answers) -> Done:
        exchange, plan, body = step.exchange, step.plan, step.wish.body
        if step.wish.references:
            body = answers.resolved(body)
            _resolve_address(step, answers)
        if body is not None and len(orjson.dumps(body)) > plan.body_limit:
            raise PayloadTooLarge()
        exchange.unit, exchange.route, exchange.database = uow, plan.label, plan.database
        exchange.headers.clear()
        exchange.headers.update(plan.headers or {})
        outer, token = uow.context, CURRENT.set(exchange)
        uow.context = exchange  # what it leaves in the trail is its own
        try:
            if plan.links is not None and ASKED in exchange.scope["query_string"]:
                take_from_query(exchange)
            values = plan.values_of(exchange, Undefined if body is None else body)
            rendered = await plan.carried_out(exchange, values)
        finally:
            uow.context, exchange.unit = outer, None
            CURRENT.reset(token)
        told = {**exchange.headers, **dict(rendered.headers)}
        headers = {name.decode().title().replace("Etag", "ETag"): told[name].decode("latin-1") for name in SHOWN if name in told}
        return Done(step.wish.id, rendered.status, headers, orjson.loads(rendered.content) if rendered.content else None)


async def operations_of_request(request: Request) -> OperationsOfRequest:
    """Carries out the operations of this request."""
    return OperationsOfRequest(exchanges.of(request.scope))


Operations = Annotated[OperationsOfRequest, Depends(operations_of_request)]


def _exchange_of(outer: exchanges.Exchange, wish: Operation, path: str, query: str) -> exchanges.Exchange:
    """The operation as a request of its own, from where the batch came from."""
    headers = [(name, value) for name, value in outer.scope["headers"] if name not in OF_THE_WHOLE]
    if wish.body is not None:
        headers.append((b"content-type", b"application/json"))
    if wish.if_match is not None:
        headers.append((b"if-match", wish.if_match.encode("latin-1")))
    scope = {**outer.scope, "method": wish.method, "path": path, "headers": headers, "query_string": query.encode()}
    exchange = exchanges.Exchange(outer.application, scope, outer.cursors)
    scope[exchanges.KEY] = exchange
    exchange.request_id, exchange.address, exchange.user_agent = outer.request_id, outer.address, outer.user_agent
    return exchange


def _resolve_address(step: Step, answers: Answers) -> None:
    """Put the values into the path and the query; a value is one segment, so it never leads to another route."""
    exchange, params = step.exchange, {}
    for name, value in step.params.items():
        params[name] = answers.text(value)
        if params[name] != value and (not params[name] or "/" in params[name]):
            raise Unresolved(f"The parameter {name} of the path is empty, or holds a slash.")
    exchange.path = exchange.scope["path"] = answers.text(step.path)
    query = REFERENCE.sub(lambda found: quote(answers.text(found[0]), safe=""), step.query)
    exchange.scope["query_string"] = query.encode()
    exchange.scope["path_params"] = params


def _refused(index: int, wish: Operation, exchange: exchanges.Exchange, problem: Exception) -> StepRefused:
    """The refusal of the whole, which names the operation and what it was answered."""
    if isinstance(problem, Unresolved):
        field = f"operations.{index}"
        problem = Invalid(details=[{"field": field, "message": str(problem), "code": "reference"}])
    if not isinstance(problem, MainspringError):
        log.error("unexpected_error", error=problem, ip=exchange.address, operation=exchange.path)
        problem = MainspringError()
    status, _, _ = render(problem, exchange)
    error = {"code": problem.code, "message": str(problem), "details": problem.details}
    details = {"operation": wish.id, "index": index, "status": status, "error": error}
    # 405 of the whole would be about POST and the batch's own address (RFC 9110 15.5.6)
    return StepRefused(problem, 422 if isinstance(problem, MethodNotAllowed) else status, details=details)


def _refuse(field: str, code: str, message: str) -> NoReturn:
    raise Invalid(details=[{"field": field, "message": message, "code": code}])
