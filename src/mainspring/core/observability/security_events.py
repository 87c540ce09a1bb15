"""The security event log (R-187): who tried what, with whole e-mail and client addresses, never with secrets."""

from typing import Any
from uuid import UUID

from .logs import Logger

LOG = Logger("security", keeps_addresses=True)


def failed_login(email: str, ip: str | None) -> None:
    """A login was refused."""
    LOG.warn("FAILED_LOGIN", email=email, ip=ip)


def successful_login(user_id: UUID, email: str, ip: str | None) -> None:
    """Somebody signed in."""
    LOG.info("SUCCESSFUL_LOGIN", userId=user_id, email=email, ip=ip)


def password_change(user_id: UUID, ip: str | None) -> None:
    """A password was changed."""
    LOG.info("PASSWORD_CHANGE", userId=user_id, ip=ip)


def suspicious_activity(user_id: UUID | None, activity: str, **details: Any) -> None:
    """Refresh reuse, lock-out, a forged token, a CSRF mismatch."""
    LOG.warn("SUSPICIOUS_ACTIVITY", userId=user_id, activity=activity, details=details)
