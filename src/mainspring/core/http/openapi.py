"""The OpenAPI document: FastAPI's, completed by what the plans know (R-010, R-342, R-249).

Added are the head, the security schemes, each operation's access rule, the errors every operation may answer, and the headers for
conditional and repeated requests.
"""

import inspect
import re
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import orjson
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from ... import __version__
from .conditional import LONGEST
from .contract_bounds import bounded
from .examples import example_of
from .limiting import EXEMPT
from .openapi_links import LINKS, show_links
from .openapi_parts import (
    ALWAYS,
    BOUNDED_BY_SETTINGS,
    HEADERS,
    KEY,
    KEY_SCHEME,
    LIMITED,
    SCHEMES,
    SECURITY,
    completed_error,
    headers_named,
    shared_answers,
    shared_schemas,
    with_shared_code,
)

if TYPE_CHECKING:
    from ..settings import Settings
    from .plan import Plan

Document = dict[str, Any]  # Any: OpenAPI is JSON of any shape

EVERYWHERE = (
    400,
    421,
    431,
    500,
    503,
)  # 400: a request that is no HTTP; 421: a Host that is not ours; 431: too much before the body
WITH_BODY = (408, 413, 415)
GUARDED = (401, 403)


def document(
    api: FastAPI, plans: "Sequence[tuple[str, str, Plan]]", settings: "Settings", *, takes_keys: bool = False
) -> Document:
    """The whole document as JSON values; API keys are named where somebody `takes_keys`."""
    made = get_openapi(
        title=title_of(settings),
        version=__version__,
        description="Errors have one form everywhere; each names a stable code, and its request id is in the logs.",
        contact={"name": title_of(settings), "url": settings.public_url},
        license_info={"name": "MIT", "identifier": "MIT"},
        routes=api.routes,
        servers=servers_of(settings),
    )
    built: Document = orjson.loads(orjson.dumps(made))  # a copy: routes keep parts of theirs
    components = built.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas |= orjson.loads(orjson.dumps(shared_schemas()))
    components["securitySchemes"] = {**SCHEMES, **(KEY_SCHEME if takes_keys else {})}
    components["headers"] = orjson.loads(orjson.dumps(HEADERS))
    components["responses"] = shared_answers()
    if settings.rate_limits:
        built["x-rate-limits"] = {"anonymous": str(settings.limits.anonymous), "signed-in": str(settings.limits.signed_in)}
    words: dict[str, str] = {}
    for method, path, plan in plans:
        operation = built["paths"].get(path, {}).get(method.lower())
        if operation is not None:
            _complete(operation, method, path, plan, settings)
            if takes_keys and plan.guards and not any(guard.people_only for guard in plan.guards):
                operation["security"] = [*SECURITY, {"ApiKeyAuth": []}]
            _illustrate(operation, schemas)
            for tag in operation.get("tags", ()):
                words[tag] = words.get(tag) or _about(plan)
    show_links(built, plans)
    built["tags"] = [{"name": tag, **({"description": text} if text else {})} for tag, text in words.items()]
    _bound_passwords(schemas, settings)
    _drop_unused(built)
    bounded(built, settings.body_limit)
    return built


def _about(plan: "Plan") -> str:
    """What the module that a route is in says about itself."""
    module = sys.modules.get(plan.endpoint.__module__)
    package = sys.modules.get(module.__package__ or "") if module else None
    text = (inspect.getdoc(package) or "").partition("\n")[0] if package else ""
    return re.sub(r" \(R-[^)]*\)", "", text)


def _bound_passwords(schemas: Document, settings: "Settings") -> None:
    """State how long a new password may be under these settings."""
    for schema in schemas.values():
        for part in schema.get("properties", {}).values():
            if part.pop(BOUNDED_BY_SETTINGS, False):
                part |= {"minLength": settings.password.min_length, "maxLength": settings.password.max_length}


def _drop_unused(built: Document) -> None:
    """Leave out the shared answers and headers that nothing refers to."""
    for kind in ("responses", "headers"):  # in this order: answers refer to headers
        used = {reference.rpartition("/")[2] for reference in _references(built) if f"/{kind}/" in reference}
        components = built["components"]
        components[kind] = {name: part for name, part in components[kind].items() if name in used}


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def title_of(settings: "Settings") -> str:
    """The service's name, with a capital."""
    return settings.service_name[:1].upper() + settings.service_name[1:]


def servers_of(settings: "Settings") -> list[Document]:
    """Where the server is: as the public reaches it, and on the developer's machine."""
    local = f"http://127.0.0.1:{settings.port}"
    public = (settings.public_url or local).rstrip("/")
    servers: list[Document] = []
    if public not in (local, f"http://localhost:{settings.port}"):
        words = "production" if settings.is_production else "staging"
        servers.append({"url": public, "description": words, "x-internal": False})
    return [*servers, {"url": local, "description": "local development", "x-internal": True}]


def _complete(operation: Document, method: str, path: str, plan: "Plan", settings: "Settings") -> None:
    operation["security"] = SECURITY if plan.guards else []
    operation["x-access"] = plan.rule
    responses = operation.setdefault("responses", {})
    if "422" in responses and "HTTPValidationError" in str(responses["422"]):
        del responses["422"]
    parameters: list[Document] = operation.setdefault("parameters", [])
    parameters[:] = [parameter for parameter in parameters if parameter["schema"].get("type") != "null"]  # nobody can send it
    for parameter in parameters:
        _without_null(parameter)
    is_limited = settings.rate_limits and path not in EXEMPT
    statuses = [
        *EVERYWHERE,
        *((429,) if is_limited else ()),
        *(GUARDED if plan.guards else ()),
        *(WITH_BODY if plan.has_body else ()),
        *((settings.validation_status,) if parameters or plan.has_body else ()),
        *((404,) if "{" in path else ()),
    ]
    if is_limited and plan.limits:
        operation["x-rate-limits"] = [limit.policy.header.decode() for limit in plan.limits]
    if plan.is_tagged and method == "GET":
        parameters.append(_header("If-None-Match", "A known ETag; 304 when it still holds."))
    if method in ("PUT", "PATCH", "DELETE") and (plan.beside is not None or plan.names_version):
        parameters.append(_header("If-Match", "The ETag the change is meant for; 412 when there is a newer one."))
        statuses.append(412)
    if plan.idempotency is not None or plan.is_saga:
        parameters.append(KEY)
        statuses += [409, 422]  # 422: the key came with another body
    if plan.links is not None and method == "GET":
        parameters.append(LINKS)
        statuses.append(settings.validation_status)
    _answer_well(responses, method, path, plan, settings, is_limited)
    for status in statuses:
        if str(status) in responses:
            with_shared_code(responses[str(status)], status)
        else:
            responses[str(status)] = {"$ref": f"#/components/responses/Error{status}"}
    operation["responses"] = dict(sorted(responses.items()))
    if not parameters:
        del operation["parameters"]


def _answer_well(responses: Document, method: str, path: str, plan: "Plan", settings: "Settings", is_limited: bool) -> None:
    """Give every answer that the route itself declares its headers and both forms of errors."""
    for status, answer in responses.items():
        if status >= "400":
            completed_error(answer, int(status))
    success = responses.get(str(plan.status), {})
    names = [*ALWAYS, *(LIMITED if is_limited else ())]
    if plan.is_tagged:
        names.append("ETag")
        if method == "GET":
            responses["304"] = {"description": "Not changed.", "headers": headers_named(*names)}
    if plan.status in (201, 302, 303):
        names.append("Location")
    if plan.idempotency is not None or plan.is_saga:
        names.append("Idempotent-Replayed")
    if plan.links is not None and plan.links.is_list:
        names.append("Link")
    if success:
        success["headers"] = headers_named(*names)
        _restyle(success, path, settings.response_style)
        for status, answer in responses.items():
            if status < "400" and status != str(plan.status):
                answer["headers"] = {**answer.get("headers", {}), **headers_named(*names)}


def _without_null(parameter: Document) -> None:
    """A parameter is there or not; an address cannot hold null."""
    schema = parameter["schema"]
    kinds = [kind for kind in schema.get("anyOf", ()) if kind.get("type") != "null"]
    if len(kinds) == 1 and len(kinds) < len(schema["anyOf"]):
        del schema["anyOf"]
        parameter["schema"] = {**schema, **kinds[0]}


def _illustrate(operation: Document, schemas: Document) -> None:
    """Give the body and every answer an example, where the route has none of its own."""
    bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
    for body in bodies:
        for kind, content in body.get("content", {}).items():
            if kind == "application/json" and "schema" in content and not content.keys() & {"example", "examples"}:
                content["example"] = example_of(content["schema"], schemas)


def _restyle(success: Document, path: str, style: str) -> None:
    """The schema of a success in the form that `RESPONSE_STYLE` asks for (R-128)."""
    content = success.get("content", {}).get("application/json")
    if content is None or style == "bare" or not path.startswith("/api/"):
        return
    if style == "data":
        if "PageOut" not in content["schema"].get("$ref", ""):
            content["schema"] = {"type": "object", "required": ["data"], "properties": {"data": content["schema"]}}
        return
    fixed: Document = {"status": {"const": "success"}, "message": {"type": "string"}}
    content["schema"] = {
        "type": "object",
        "required": ["status", "message", "data"],
        "properties": {**fixed, "data": content["schema"]},
    }


def _header(name: str, text: str, longest: int = LONGEST, **more: str) -> Document:
    schema = {"type": "string", "maxLength": longest, **more}
    return {"name": name, "in": "header", "required": False, "description": text, "schema": schema}
