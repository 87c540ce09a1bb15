"""The security event log (R-187): who tried what, with whole e-mail and client addresses, never with secrets.

Every event is a line of the log at once. Those that no transaction writes to the audit trail are counted there too
(`core.audit.security_trail`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import UUID

from ..context import current
from .logs import Logger
from .metrics import counter

TOO_MANY = counter("mainspring_rate_limited_total", "Requests that were one too many, by the code of their answer.", ("code",))
LOG = Logger("security", keeps_addresses=True)
AUDITED = frozenset({"refresh_reuse"})  # the transaction that ends the session leaves the row

_UNRECORDED: ContextVar[bool] = ContextVar("mainspring.unrecorded", default=False)


@contextmanager
def unrecorded() -> Iterator[None]:
    """Ask guards without anybody having tried anything: refusals inside leave no event."""
    token = _UNRECORDED.set(True)
    try:
        yield
    finally:
        _UNRECORDED.reset(token)


def failed_login(email: str, ip: str | None) -> None:
    """A login was refused."""
    LOG.warn("FAILED_LOGIN", email=email, ip=ip)
    _note("FAILED_LOGIN", email=email)


def successful_login(user_id: UUID, email: str, ip: str | None) -> None:
    """Somebody signed in; the row is that of the session which began."""
    LOG.info("SUCCESSFUL_LOGIN", userId=user_id, email=email, ip=ip)


def password_change(user_id: UUID, ip: str | None) -> None:
    """A password was changed; the row is that of the change."""
    LOG.info("PASSWORD_CHANGE", userId=user_id, ip=ip)


def suspicious_activity(user_id: UUID | None, activity: str, **details: Any) -> None:
    """Refresh reuse, lock-out, a forged token, a CSRF mismatch."""
    LOG.warn("SUSPICIOUS_ACTIVITY", userId=user_id, activity=activity, details=details)
    if activity not in AUDITED:
        told = {name: value for name, value in details.items() if name != "ip"}  # the row has a column for it
        _note("SUSPICIOUS_ACTIVITY", activity, user_id=user_id, **told)


def access_refused(log: Logger, kind: str, user_id: UUID, **details: Any) -> None:
    """Somebody who is known asked for what he may not have (R-114)."""
    if _UNRECORDED.get():
        return
    log.warn(kind, userId=str(user_id), **details)
    _note("ACCESS_REFUSED", kind, user_id=user_id, **details)


def credential_refused(reason: str) -> None:
    """A credential that is not ours, or no longer, was sent. The access log has the request."""
    _note("CREDENTIAL_REFUSED", reason)


def rate_limited(code: str) -> None:
    """A request was one too many. The access log has it."""
    TOO_MANY.of(code).inc()
    _note("RATE_LIMITED", code)


def _note(action: str, about: str = "", /, *, user_id: UUID | None = None, **details: Any) -> None:
    trail = current().security
    if trail is not None:
        trail.note(action, about, user_id=user_id, **details)
