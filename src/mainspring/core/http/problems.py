"""Every error as an answer: the envelope of API.md, or RFC 9457 when asked for (R-150 to R-157, D-20)."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from .. import clock
from ..errors import (
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    MainspringError,
    Malformed,
    NotFound,
    PaymentRefused,
    PreconditionFailed,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
)
from .exchange import Exchange

TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}  # RFC 9110; Python before 3.13 has the older words
PROBLEM = b"application/problem+json"

STATUS: dict[type[MainspringError], int] = {}


class MethodNotAllowed(MainspringError):
    """The path exists, the method does not (405). `allow` lists those that do."""

    code, message = "METHOD_NOT_ALLOWED", "This path does not know this method."

    def __init__(self, allow: str) -> None:
        super().__init__()
        self.allow = allow


class PayloadTooLarge(MainspringError):
    """The body is larger than is accepted here (413)."""

    code, message = "PAYLOAD_TOO_LARGE", "The body is too large."


class UnsupportedMediaType(MainspringError):
    """The body has a media type that is not accepted here (415)."""

    code, message = "UNSUPPORTED_MEDIA_TYPE", "Send the body as application/json."


class RequestTimeout(MainspringError):
    """The request did not arrive in time (408)."""

    code, message = "REQUEST_TIMEOUT", "The request took too long to arrive."


class MisdirectedRequest(MainspringError):
    """The Host is none of ours (421, RFC 9110 15.5.20)."""

    code, message = "MISDIRECTED_REQUEST", "This server does not answer for that host."


STATUS.update(
    {
        Malformed: 400,
        Unauthenticated: 401,
        PaymentRefused: 402,
        Forbidden: 403,
        NotFound: 404,
        MethodNotAllowed: 405,
        RequestTimeout: 408,
        Conflict: 409,
        Gone: 410,
        PreconditionFailed: 412,
        PayloadTooLarge: 413,
        UnsupportedMediaType: 415,
        MisdirectedRequest: 421,
        Invalid: 422,
        TooManyRequests: 429,
        MainspringError: 500,
        Unavailable: 503,
    }
)


class Foreign(MainspringError):
    """A status that none of our classes has, raised by a foreign route as HTTPException."""

    def __init__(self, status: int, message: str | None) -> None:
        super().__init__(message or HTTPStatus(status).phrase)
        self.status = status


def of_status(status: int, detail: object, headers: Mapping[str, str] | None) -> MainspringError:
    """Starlette's and FastAPI's HTTPException as one of our errors."""
    message = detail if isinstance(detail, str) and detail != HTTPStatus(status).phrase else None
    if status == 405:
        return MethodNotAllowed((headers or {}).get("Allow", ""))
    if status == 429 or status == 503:
        kind = TooManyRequests if status == 429 else Unavailable
        return kind(message, retry_after=float((headers or {}).get("Retry-After", "1")))
    for kind_of, known in STATUS.items():
        if known == status and kind_of is not MainspringError:
            return kind_of(message)
    return Foreign(status, message)


class StepRefused(Foreign):
    """One of several operations of a request was refused, so none of them happened. `inner` is that refusal."""

    code, message = "batch.operation_failed", "An operation was refused, so none of them happened."

    def __init__(self, inner: MainspringError, status: int, *, details: Any) -> None:
        super().__init__(status, self.message)
        self.inner, self.details = inner, details
        if (retry_after := getattr(inner, "retry_after", None)) is not None:
            self.retry_after = retry_after


class ErrorBody(BaseModel):
    """What went wrong."""

    code: str
    message: str
    details: Any = None  # Any: each code says what its details are


class ErrorMeta(BaseModel):
    """When, where, and under which request id."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)
    timestamp: str
    path: str
    request_id: str


class ErrorOut(BaseModel):
    """The envelope of every error."""

    error: ErrorBody
    meta: ErrorMeta


def status_of(error: type[MainspringError]) -> int:
    """The HTTP status of an error class: its own, or that of the nearest class it derives from."""
    for kind in error.__mro__:
        if kind in STATUS:
            return STATUS[kind]
    return 500


def problems(*errors: type[MainspringError]) -> dict[int | str, dict[str, Any]]:  # Any: OpenAPI's own shape
    """The `responses=` of a route that may answer with these errors: their codes and messages appear in OpenAPI (R-010)."""
    documented: dict[int | str, dict[str, Any]] = {}
    for error in errors:
        status = status_of(error)
        entry = documented.setdefault(
            status, {"model": ErrorOut, "description": "", "content": {"application/json": {"examples": {}}}}
        )
        entry["description"] = " ".join(filter(None, (entry["description"], error.message)))
        example = {"error": {"code": error.code, "message": error.message, "details": None}, "meta": EXAMPLE_META}
        entry["content"]["application/json"]["examples"][error.code] = {"value": example}
    return documented


EXAMPLE_META = {"timestamp": "2026-01-01T12:00:00Z", "path": "/api/v1/...", "requestId": "019b76da-a800-7000-8000-000000000000"}


def render(error: MainspringError, exchange: Exchange) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """The status, headers and body for an error."""
    status = error.status if isinstance(error, Foreign) else status_of(type(error))
    if status == 422 and type(error) is Invalid:
        status = exchange.application.settings.validation_status
    message = str(error)
    headers = [(b"cache-control", b"no-store")]
    if isinstance(error, MethodNotAllowed):
        headers.append((b"allow", error.allow.encode("latin-1")))
    if (retry_after := getattr(error, "retry_after", None)) is not None:
        headers.append((b"retry-after", str(max(1, round(retry_after))).encode()))
    if status == 401:
        headers.append((b"www-authenticate", challenge(error)))
    if PROBLEM in exchange.received.get(b"accept", b""):
        body = _problem(error, status, message, exchange)
        headers.append((b"content-type", PROBLEM))
    else:
        body = {
            "error": {"code": error.code, "message": message, "details": error.details},
            "meta": {"timestamp": clock.now(), "path": exchange.path, "requestId": exchange.request_id},
        }
        headers.append((b"content-type", b"application/json"))
    content = orjson.dumps(body, default=str, option=orjson.OPT_UTC_Z)
    headers.append((b"content-length", str(len(content)).encode()))
    return status, headers, content


def challenge(error: MainspringError) -> bytes:
    """The `WWW-Authenticate` of a refusal (RFC 6750 3): the reason only when a token was sent."""
    reason = error.details.get("reason") if isinstance(error.details, dict) else None
    if not isinstance(reason, str) or not reason.startswith("token_") or reason == "token_missing":
        return b"Bearer"
    return f'Bearer error="invalid_token", error_description="{reason}"'.encode("latin-1", "replace")


def _problem(error: MainspringError, status: int, message: str, exchange: Exchange) -> dict[str, Any]:
    problem: dict[str, Any] = {
        "type": "about:blank",
        "title": TITLES.get(status) or HTTPStatus(status).phrase,
        "status": status,
        "detail": message,
        "instance": exchange.path,
        "code": error.code,
        "requestId": exchange.request_id,
        "timestamp": clock.now(),
    }
    if isinstance(error.details, Sequence) and not isinstance(error.details, str):
        problem["errors"] = error.details
    elif error.details is not None:
        problem["details"] = error.details
    return problem
