"""From FastAPI's declaration of a route to its plan, with the boot's refusals (R-329, R-335)."""

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from fastapi import params
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, RouteContext
from pydantic import BaseModel

from ..module import BootRefused
from ..security.guard import Guard, Public, guard_of
from . import dependencies as known
from .batch import OperationsOfRequest, operations_of_request
from .bodies import UnreadBody, body_of
from .caching import CREDENTIALS, NO_STORE, CacheControl, cache_control_of, last_cache_control
from .conditional import if_match, version_expected
from .cookie_sessions import CookieSession, cookies_of_request
from .exchange import Exchange
from .fitness import may_be_kept, unfit_for_batch
from .idempotency import Idempotency
from .limiting import RouteLimit, route_limit_of
from .links import Linking, OfferedIf, connect_links
from .pages import PageOut
from .parameters import Parameters
from .plan import Argument, Plan
from .rendering import renderer, styled
from .sagas import SagaOfRequest, saga_of

KINDS: dict[Callable[..., Any], Callable[[Exchange], Any]] = {
    known.write_unit: known.open_write_unit,
    known.read_unit: known.open_read_unit,
    known.unit_of_method: known.open_unit_of_method,
    known.application_of: lambda exchange: exchange.application,
    known.context_of: lambda exchange: exchange,
    known.answered_once: lambda exchange: None,
    known.answered_afresh: lambda exchange: None,
    known.asked_alone: lambda exchange: None,
    known.reply_of: known.Reply,
    cookies_of_request: CookieSession,
    saga_of: SagaOfRequest,
    operations_of_request: OperationsOfRequest,
    if_match: version_expected,
}


@dataclass(frozen=True, slots=True)
class Shape:
    """What of the settings a plan depends on; the limit of bodies is in bytes."""

    body_limit: int
    form_fields_limit: int
    response_style: str


def plan_for(route: RouteContext, shape: Shape) -> Plan:
    """The plan of a route. Raises BootRefused for a route without a rule or an answer type, or a GET that wants to write."""
    dependant: Dependant = route.dependant
    label = f"{'/'.join(sorted(route.methods or ()))} {route.path_format}"
    _refuse_untyped(route, label)
    guards = guards_of(route)
    if not guards:
        raise BootRefused(f"{label} says neither who may come in nor that it is public.")
    _drop_replaced(dependant, guards)
    calls = {sub.call for sub in flattened(dependant)}
    reads = not (route.methods or set()).isdisjoint(known.READING_METHODS)
    writes = known.write_unit in calls or (known.unit_of_method in calls and not reads)
    if writes and reads:
        raise BootRefused(f"{label} asks for a WriteUnit; a route that reads takes a ReadUnit.")
    is_saga = saga_of in calls
    if is_saga and writes:
        raise BootRefused(f"{label} asks for a WriteUnit and a Saga; the steps of a saga have units of their own.")
    arguments = _arguments(dependant)
    native = route.is_sse_stream or route.is_json_stream or inspect.isasyncgenfunction(route.endpoint)
    if native and writes:
        raise BootRefused(f"{label} streams; it opens units of its own and takes no WriteUnit.")
    if native and route.body_field is not None:
        raise BootRefused(f"{label} streams; it takes what it needs from the path and the query, not from a body.")
    endpoint = route.endpoint
    assert endpoint is not None  # noqa: S101 - an API route always has one
    if not native and not inspect.iscoroutinefunction(endpoint):
        raise BootRefused(f"{label} must be declared with async def.")
    raw = next((sub.name for sub in dependant.dependencies if sub.call is known.sent_of and sub.name), None)
    if raw is not None and route.body_field is not None:
        raise BootRefused(f"{label} takes its body as it came and as a model; it takes one of them.")
    body = (
        UnreadBody(raw, shape.body_limit)
        if raw
        else body_of(route.body_field, route._embed_body_fields, shape.body_limit, shape.form_fields_limit)
    )
    kept = last_cache_control(sub.call for sub in dependant.dependencies) if reads else None
    asks_who = any(not isinstance(guard, Public) for guard in guards) or bool(_in_signature(route))
    if kept is not None and kept.is_shared and asks_who:
        raise BootRefused(f"{label} lets caches on the way keep for everybody what depends on who asks.")
    status = route.status_code or 200
    keeps = writes or (known.application_of in calls and not is_saga)  # a saga keeps its own answers
    takes_key = keeps and not reads and may_be_kept(route, calls, body)
    render = renderer(
        route.response_field, by_alias=route.response_model_by_alias, exclude_none=route.response_model_exclude_none
    )
    solver_needed = arguments is None or _has_odd_body(route)
    replayable = writes and known.application_of not in calls
    plan = Plan(
        label=label,
        path=route.path or "/",
        rule=" and ".join(guard.rule() for guard in guards),
        endpoint=endpoint,
        guards=[guard for guard in guards if not isinstance(guard, Public)],
        arguments=arguments or (),
        parameters=Parameters(dependant),
        body=body,
        has_body=route.body_field is not None or (raw is not None and not solver_needed),
        writes=writes,
        replayable=replayable,
        render=styled(render, shape.response_style, route.response_model) if _is_api(route) else render,
        status=status,
        is_tagged=_is_tagged(route),
        names_version=if_match in calls,
        body_limit=shape.body_limit,
        idempotency=Idempotency(in_unit=writes, replayable=replayable) if takes_key else None,
        unfit=unfit_for_batch(route, calls, body, foreign=solver_needed, native=bool(native)),
        is_saga=is_saga,
        wants_fresh=any(guard.wants_fresh for guard in guards),
        declared_limits=[(route.unique_id or label, found) for found in _limits(dependant)],
        database=getattr(route.original_route, "database", "default"),
        foreign=dependant if solver_needed else None,
        embed_body_fields=route._embed_body_fields,
        overrides=route.dependency_overrides_provider,
        native=_native_app(route) if native else None,
        headers=_headers(route, calls, kept),
        vary=CREDENTIALS if kept is not None and not kept.is_shared else None,
        name=route.unique_id or label,
        offers=[call.offers for call in calls if isinstance(call, OfferedIf)],
    )
    if reads and _has_links(route):
        plan.links = Linking(plan, is_list=issubclass(route.response_model, PageOut), style=shape.response_style)
    return plan


def connect(plans: Sequence[tuple[str, str, Plan]]) -> None:
    """Show each writing plan the GET of the same path, for `If-Match`; a route that takes `IfMatch` compares by itself.

    Show each reading one where its answers lead.
    """
    connect_links(plans)
    readers = {path: plan for method, path, plan in plans if method == "GET" and plan.is_tagged and plan.foreign is None}
    for method, path, plan in plans:
        if method in ("PUT", "PATCH", "DELETE") and not plan.names_version:
            plan.beside = readers.get(path)


def _headers(route: RouteContext, calls: set[Any], kept: CacheControl | None) -> dict[bytes, bytes]:  # Any: functions of any kind
    """What every answer of the route carries: that it is leaving, and who may keep it; nobody, unless the route says so."""
    leaving = getattr(route.original_route, "leaving", None)
    headers = dict(leaving.headers()) if leaving else {}
    own = last_cache_control(sub.dependency for sub in route_level(route))
    if kept is None or known.answered_afresh in calls or (getattr(route.original_route, "never_stored", False) and own is None):
        headers[b"cache-control"] = NO_STORE
    else:
        headers[b"cache-control"] = kept.text.encode()
    return headers


def _is_api(route: RouteContext) -> bool:
    """Whether the route belongs to the API, which has a response style, and not to the root."""
    return (route.path or "").startswith("/api/") and route.response_field is not None


def _has_links(route: RouteContext) -> bool:
    """Whether answers are resources or lists of them, and have no `links` of their own."""
    model = route.response_model
    is_model = isinstance(model, type) and issubclass(model, BaseModel)
    return _is_api(route) and is_model and not any("links" in (name, one.alias) for name, one in model.model_fields.items())


def _is_tagged(route: RouteContext) -> bool:
    """Whether answers are single resources: for GET any model but a page, for writes a model with a version."""
    model = route.response_model
    if not (isinstance(model, type) and issubclass(model, BaseModel)) or issubclass(model, PageOut):
        return False
    return "GET" in (route.methods or ()) or "version" in model.model_fields


def guards_of(route: RouteContext) -> list[Guard]:
    """The rule in force: the route's own guards, else its router's, else those of the routers around it (R-329)."""
    levels = [_in_signature(route), _of(route_level(route)), _of(router_level(route)), _of(outer_level(route))]
    own = levels[0] + levels[1]
    return next((guards for guards in (own, levels[2], levels[3]) if guards), [])


def route_level(route: RouteContext) -> Sequence[params.Depends]:
    """What the route's decorator says in `dependencies=`."""
    return getattr(route.original_route, "own_dependencies", ())


def router_level(route: RouteContext) -> Sequence[params.Depends]:
    """What the route's router says."""
    original = route.original_route
    assert isinstance(original, APIRoute)  # noqa: S101 - asked of API routes only
    return original.dependencies[: len(original.dependencies) - len(route_level(route))]


def outer_level(route: RouteContext) -> Sequence[params.Depends]:
    """What the routers around the route's router say."""
    original = route.original_route
    assert isinstance(original, APIRoute)  # noqa: S101 - asked of API routes only
    everything: Sequence[params.Depends] = route.dependencies
    return everything[: len(everything) - len(original.dependencies)]


def flattened(dependant: Dependant) -> Iterator[Dependant]:
    """Every dependency below a dependant, at any depth."""
    for sub in dependant.dependencies:
        yield sub
        yield from flattened(sub)


def _of(dependencies: Sequence[params.Depends]) -> list[Guard]:
    return [guard for depends in dependencies if (guard := guard_of(depends.dependency)) is not None]


def _limits(dependant: Dependant) -> list[RouteLimit]:
    return [found for sub in flattened(dependant) if (found := route_limit_of(sub.call)) is not None]


def _in_signature(route: RouteContext) -> list[Guard]:
    named = [sub for sub in route.dependant.dependencies if sub.name is not None]
    found = [guard_of(sub.call) for sub in named]
    found += [guard_of(inner.call) for sub in named for inner in flattened(sub)]
    return [guard for guard in found if guard is not None]


def _arguments(dependant: Dependant) -> list[Argument] | None:
    """How to make each dependency from the exchange alone; None when one is of a kind that only FastAPI's solver knows."""
    special = (
        dependant.request_param_name,
        dependant.http_connection_param_name,
        dependant.response_param_name,
        dependant.background_tasks_param_name,
        dependant.security_scopes_param_name,
    )
    if any(special):
        return None
    arguments: list[Argument] = []
    for sub in dependant.dependencies:
        if guard_of(sub.call) is not None:
            if sub.name is not None:
                arguments.append((sub.name, _principal))
        elif sub.call is known.sent_of or _is_of_the_plan(sub.call):
            continue  # the body's reader makes the one, the plan counts, keeps and offers
        elif sub.call in KINDS:
            if sub.name is not None:
                arguments.append((sub.name, KINDS[sub.call]))
        else:
            return None
    return arguments


def _is_of_the_plan(call: Callable[..., Any] | None) -> bool:
    """Whether it says something about the route, and makes nothing."""
    return route_limit_of(call) is not None or cache_control_of(call) is not None or isinstance(call, OfferedIf)


def _principal(exchange: Exchange) -> Any:  # Any: Principal, or None for a Visitor
    return exchange.principal


def _has_odd_body(route: RouteContext) -> bool:
    field = route.body_field
    return field is not None and (bool(route._embed_body_fields) or isinstance(field.field_info, params.Form))


def _drop_replaced(dependant: Dependant, guards: Sequence[Guard]) -> None:
    """Take the guards out whose rule the route replaced, so that FastAPI's solver does not ask them either (R-329)."""
    dependant.dependencies = [sub for sub in dependant.dependencies if (guard := guard_of(sub.call)) is None or guard in guards]


def _native_app(route: RouteContext) -> Any:  # Any: an ASGI application
    context = route._route_context
    return context.app if context is not None else getattr(route.original_route, "app", None)


def _is_vague(annotation: Any) -> bool:
    return annotation in (Any, dict, list, object) or any(_is_vague(part) for part in get_args(annotation))


def _refuse_untyped(route: RouteContext, label: str) -> None:
    if route.endpoint is None or inspect.signature(route.endpoint).return_annotation is inspect.Signature.empty:
        raise BootRefused(f"{label} does not say what it answers: give {route.name} a return type.")
    if _is_vague(route.response_model):
        raise BootRefused(f"{label} answers {route.response_model!r}: name a model, so that only declared fields leave.")
