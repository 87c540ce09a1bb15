"""What many operations of the OpenAPI document share: security schemes, headers, and the answer to each kind of error."""

from typing import Any

from .idempotency_key import KEY_PATTERN
from .problems import EXAMPLE_META, STATUS, ErrorOut

Document = dict[str, Any]  # Any: OpenAPI is JSON of any shape

SCHEMES: Document = {
    "BearerAuth": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The access token of /auth/login, a JWT that is made and checked as RFC8725 asks.",
    },
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

HEADERS: Document = {
    "X-Request-ID": {"description": "The id of the request, as in the logs.", "schema": {"type": "string", "maxLength": 128}},
    "Access-Control-Allow-Origin": {
        "description": "The origin that asked, where it is one of ALLOWED_ORIGINS.",
        "schema": {"type": "string", "maxLength": 2048},
    },
    "ETag": {"description": "The version of the resource.", "schema": {"type": "string", "maxLength": 128}},
    "Idempotent-Replayed": {
        "description": "true on an answer that was given before to the same Idempotency-Key.",
        "schema": {"type": "string", "maxLength": 4, "enum": ["true"]},
    },
    "Link": {
        "description": "With links=true: first, prev, next and last (RFC 8288).",
        "schema": {"type": "string", "maxLength": 8192},
    },
    "Location": {"description": "Where to go: the created resource, or the next page.", "schema": {"type": "string"}},
    "RateLimit-Policy": {
        "description": 'The limits that the request counts for, such as `"anonymous";q=100;w=900`: so many in so many seconds.',
        "schema": {"type": "string", "maxLength": 1024},
    },
    "RateLimit": {
        "description": 'What is left of each, such as `"anonymous";r=42;t=300`: so many now, more in so many seconds.',
        "schema": {"type": "string", "maxLength": 1024},
    },
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}},
    "WWW-Authenticate": {"description": "What proof is missing (RFC 6750).", "schema": {"type": "string", "maxLength": 1024}},
}
ALWAYS = ("X-Request-ID", "Access-Control-Allow-Origin")
LIMITED = ("RateLimit-Policy", "RateLimit")

BOUNDED_BY_SETTINGS = "x-bounded-by-settings"  # a property that PASSWORD__MIN_LENGTH and PASSWORD__MAX_LENGTH bound
KEY: Document = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A repetition with the same key and body within 24 hours gets the first answer again.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 512, "pattern": KEY_PATTERN},
    "example": "8e03978e-40d5-43dd-bc93-6894a57f9324",
}

PROBLEM: Document = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "required": ["type", "title", "status", "detail", "instance", "code", "requestId", "timestamp"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "code": {"type": "string"},
        "requestId": {"type": "string"},
        "timestamp": {"type": "string", "format": "date-time"},
        "errors": {"type": "array", "items": {"type": "object"}},
        "details": {"description": "As in the envelope, where it is no list."},
    },
}


def headers_named(*names: str) -> Document:
    """References to headers."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def shared_schemas() -> Document:
    """The two forms of an error."""
    error = ErrorOut.model_json_schema(ref_template="#/components/schemas/{model}", mode="serialization")
    return {**error.pop("$defs", {}), "ErrorOut": error, "Problem": PROBLEM}


def shared_answers() -> Document:
    """The answer of each status without an error of the route's own."""
    return {**{f"Error{status}": _shared(kind, status) for kind, status in STATUS.items()}, "Error431": _too_long()}


def _too_long() -> Document:
    """What the server says by itself, before there is a request."""
    return {"description": "The address and the headers are too long. The answer has no body.", "headers": error_headers(431)}


def error_headers(status: int, *, limited: bool = True) -> Document:
    """The headers of an error."""
    more = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}.get(status, ())
    return headers_named(*ALWAYS, *(LIMITED if limited else ()), *more)


def completed_error(answer: Document, status: int) -> None:
    """Give a route's own errors of a status, in place, the headers, the other form, and the code that every route may answer."""
    answer["headers"] = {**answer.get("headers", {}), **error_headers(status)}
    content = answer.setdefault("content", {})
    content.setdefault("application/problem+json", {"schema": {"$ref": "#/components/schemas/Problem"}})
    examples = content.get("application/json", {}).get("examples", {})
    for example in examples.values():
        example["value"]["error"].setdefault("details", None)


def with_shared_code(answer: Document, status: int) -> None:
    """Add the code that any route may answer with this status to a route's own."""
    shared = next((kind for kind, known in STATUS.items() if known == status), None)
    examples = answer.get("content", {}).get("application/json", {}).get("examples")
    if shared is not None and examples is not None and shared.code not in examples:
        examples[shared.code] = {"value": _example(shared)}
        answer["description"] = f"{answer['description']} {shared.message}"


def _shared(kind: Any, status: int) -> Document:
    return {
        "description": kind.message,
        "headers": error_headers(status),
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/ErrorOut"}, "example": _example(kind)},
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}},
        },
    }


def _example(kind: Any) -> Document:
    return {"error": {"code": kind.code, "message": kind.message, "details": None}, "meta": EXAMPLE_META}
