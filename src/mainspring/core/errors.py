"""Everything that can go wrong on purpose, sorted by what the caller can do about it (ARCHITECTURE 5).

No transport is named here: `core.http.problems` turns each class into a status, gRPC and GraphQL have tables of their own.
"""

from typing import Any, ClassVar


class MainspringError(Exception):
    """The root of every expected situation. Subclass one of the classes below, never this one.

    `details` is shown to the caller, so it never holds secrets or input. With `keep_writes` the unit of work commits
    although the request is refused.
    """

    code: ClassVar[str] = "INTERNAL_ERROR"
    message: ClassVar[str] = "Something went wrong on our side."
    keep_writes: ClassVar[bool] = False

    def __init__(self, message: str | None = None, *, details: Any = None) -> None:
        super().__init__(message or self.message)
        self.details = details


class Malformed(MainspringError):
    """What was sent cannot be parsed (400)."""

    code, message = "BAD_REQUEST", "The request cannot be read."


class Invalid(MainspringError):
    """What was sent breaks a rule (422). `details` is a list of `{field, message, code}`."""

    code, message = "VALIDATION_ERROR", "The request breaks a rule."


class Unauthenticated(MainspringError):
    """Nobody is signed in, or the credential is not accepted (401)."""

    code, message = "UNAUTHORIZED", "Sign in first."


class Forbidden(MainspringError):
    """The caller may not do this kind of thing (403)."""

    code, message = "FORBIDDEN", "You may not do this."


class NotFound(MainspringError):
    """Not there, or not yours (404)."""

    code, message = "NOT_FOUND", "There is nothing here."


class Conflict(MainspringError):
    """The state does not allow this (409)."""

    code, message = "CONFLICT", "The state has changed. Look again."


class Gone(MainspringError):
    """It was here, and never will be again (410)."""

    code, message = "GONE", "This is gone."


class PreconditionFailed(MainspringError):
    """`If-Match` names another version (412)."""

    code, message = "PRECONDITION_FAILED", "Somebody changed this meanwhile."


class TooManyRequests(MainspringError):
    """A limit is reached (429). `retry_after` is in seconds."""

    code, message = "RATE_LIMITED", "Too many requests. Try again later."

    def __init__(self, message: str | None = None, *, retry_after: float, details: Any = None) -> None:
        super().__init__(message, details=details)
        self.retry_after = retry_after


class PaymentRefused(MainspringError):
    """The outside world refused the payment (402)."""

    code, message = "PAYMENT_REFUSED", "The payment was refused."


class Unavailable(MainspringError):
    """Something we need does not answer (503). `retry_after` is in seconds."""

    code, message = "SERVICE_UNAVAILABLE", "Try again later."

    def __init__(self, message: str | None = None, *, retry_after: float = 1.0, details: Any = None) -> None:
        super().__init__(message, details=details)
        self.retry_after = retry_after
