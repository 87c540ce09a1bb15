"""The OpenAPI document: FastAPI's, completed by what the plans know (R-010, R-342, R-249).

Added are the head, the security schemes, each operation's access rule, the errors every operation may answer, and the headers for
conditional and repeated requests.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from ... import __version__
from .examples import example_of
from .problems import EXAMPLE_META, STATUS, ErrorOut

if TYPE_CHECKING:
    from ..settings import Settings
    from .plan import Plan

Document = dict[str, Any]  # Any: OpenAPI is JSON of any shape

SCHEMES: Document = {
    "BearerAuth": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "The access token of /auth/login."},
    "CookieAuth": {
        "type": "apiKey",
        "in": "cookie",
        "name": "accessToken",
        "description": "The same token as a cookie; changes then need X-CSRF-Token, which /auth/login and /auth/csrf answer.",
    },
}
SECURITY: list[Document] = [{"BearerAuth": []}, {"CookieAuth": []}]
KEY_SCHEME: Document = {
    "ApiKeyAuth": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "A key of POST /api-keys."}
}

REQUEST_ID: Document = {"X-Request-ID": {"description": "The id of the request, as in the logs.", "schema": {"type": "string"}}}
ETAG: Document = {"ETag": {"description": "The version of the resource.", "schema": {"type": "string"}}}
LOCATION: Document = {"Location": {"description": "Where the created resource is.", "schema": {"type": "string"}}}
RETRY_AFTER: Document = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}

PROBLEM: Document = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "required": ["type", "title", "status", "detail", "instance", "code", "requestId", "timestamp"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "code": {"type": "string"},
        "requestId": {"type": "string"},
        "timestamp": {"type": "string", "format": "date-time"},
        "errors": {"type": "array", "items": {"type": "object"}},
    },
}

EVERYWHERE = (429, 500, 503)
WITH_BODY = (400, 413, 415)
GUARDED = (401, 403)


def document(
    api: FastAPI, plans: "Sequence[tuple[str, str, Plan]]", settings: "Settings", *, takes_keys: bool = False
) -> Document:
    """The whole document as JSON values; API keys are named where somebody `takes_keys`."""
    built = get_openapi(
        title=title_of(settings),
        version=__version__,
        description="Errors have one form everywhere; each names a stable code, and its request id is in the logs.",
        routes=api.routes,
        servers=servers_of(settings),
    )
    components = built.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    error = ErrorOut.model_json_schema(ref_template="#/components/schemas/{model}", mode="serialization")
    schemas |= {**error.pop("$defs", {}), "ErrorOut": error}
    schemas["Problem"] = PROBLEM
    components["securitySchemes"] = {**SCHEMES, **(KEY_SCHEME if takes_keys else {})}
    components["responses"] = {f"Error{status}": _error(kind, status) for kind, status in STATUS.items()}
    for method, path, plan in plans:
        operation = built["paths"].get(path, {}).get(method.lower())
        if operation is not None:
            _complete(operation, method, path, plan, settings)
            if takes_keys and plan.guards and not any(guard.people_only for guard in plan.guards):
                operation["security"] = [*SECURITY, {"ApiKeyAuth": []}]
            _illustrate(operation, schemas)
    return built


def title_of(settings: "Settings") -> str:
    """The service's name, with a capital."""
    return settings.service_name[:1].upper() + settings.service_name[1:]


def servers_of(settings: "Settings") -> list[Document]:
    """Where the server is: as the public reaches it, and on the developer's machine."""
    local = f"http://127.0.0.1:{settings.port}"
    public = settings.public_url or local
    servers = [{"url": public.rstrip("/"), "description": "production" if settings.is_production else "this server"}]
    if public.rstrip("/") != local:
        servers.append({"url": local, "description": "development"})
    return servers


def _complete(operation: Document, method: str, path: str, plan: "Plan", settings: "Settings") -> None:
    operation["security"] = SECURITY if plan.guards else []
    operation["x-access"] = plan.rule
    responses = operation.setdefault("responses", {})
    if "422" in responses and "HTTPValidationError" in str(responses["422"]):
        del responses["422"]
    has_input = bool(operation.get("parameters") or plan.has_body)
    statuses = [
        *EVERYWHERE,
        *(GUARDED if plan.guards else ()),
        *(WITH_BODY if plan.has_body else ()),
        *((422,) if has_input else ()),
        *((404,) if "{" in path else ()),
    ]
    parameters: list[Document] = operation.setdefault("parameters", [])
    success = responses.get(str(plan.status), {})
    headers: Document = {**REQUEST_ID}
    if plan.is_tagged:
        headers |= ETAG
        if method == "GET":
            parameters.append(_header("If-None-Match", "A known ETag; 304 when it still holds."))
            responses["304"] = {"description": "Not changed.", "headers": {**REQUEST_ID, **ETAG}}
    if method in ("PUT", "PATCH", "DELETE") and (plan.beside is not None or plan.names_version):
        parameters.append(_header("If-Match", "The ETag the change is meant for; 412 when there is a newer one."))
        statuses.append(412)
    if plan.idempotency is not None or plan.is_saga:
        parameters.append(_header("Idempotency-Key", "A repetition with the same key gets the first answer again."))
        statuses.append(409)
    if plan.status == 201:
        headers |= LOCATION
    if success:
        success["headers"] = headers
        _restyle(success, path, settings.response_style)
    for status in statuses:
        if status == 422 and settings.validation_status != 422:
            status = settings.validation_status
        responses.setdefault(str(status), {"$ref": f"#/components/responses/Error{status}"})
    operation["responses"] = dict(sorted(responses.items()))
    if not parameters:
        del operation["parameters"]


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


def _header(name: str, text: str) -> Document:
    return {"name": name, "in": "header", "required": False, "description": text, "schema": {"type": "string"}}


def _error(kind: Any, status: int) -> Document:
    example = {"error": {"code": kind.code, "message": kind.message, "details": None}, "meta": EXAMPLE_META}
    return {
        "description": kind.message,
        "headers": {**REQUEST_ID, **(RETRY_AFTER if status in (429, 503) else {})},
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/ErrorOut"}, "example": example},
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}},
        },
    }
