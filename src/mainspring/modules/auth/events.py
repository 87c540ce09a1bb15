"""What happened to sessions and credentials. Every fact is audited."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar
from uuid import UUID

from mainspring.core.audit import AuditRecord
from mainspring.core.events import Event


@dataclass(frozen=True)
class SessionEvent(Event):
    """A fact about one session."""

    session_id: UUID
    user_id: UUID

    audited: ClassVar[bool] = True
    resource: ClassVar[str] = "session"

    @property
    def resource_id(self) -> str:
        """The session."""
        return str(self.session_id)

    def changes(self) -> dict[str, Any]:
        """Whose session."""
        return {"userId": str(self.user_id)}

    def record(self) -> AuditRecord:
        """The owner counts as the doer where nobody is signed in yet."""
        return replace(super().record(), user_id=self.doer)

    @property
    def doer(self) -> UUID | None:
        """Who did it, when that is not the signed-in user."""
        return None


@dataclass(frozen=True)
class SignedIn(SessionEvent):
    """A session began."""

    action: ClassVar[str] = "LOGIN"

    @property
    def doer(self) -> UUID | None:
        """Whoever signs in."""
        return self.user_id


@dataclass(frozen=True)
class SessionEnded(SessionEvent):
    """A session was ended by its owner or an administrator."""

    action: ClassVar[str] = "LOGOUT"


@dataclass(frozen=True)
class RefreshReused(SessionEvent):
    """A used refresh token came again, so the family was ended."""

    action: ClassVar[str] = "REFRESH_REUSE"


@dataclass(frozen=True)
class UserFact(Event):
    """A fact about the sign-in of one user."""

    user_id: UUID

    audited: ClassVar[bool] = True
    resource: ClassVar[str] = "user"

    @property
    def resource_id(self) -> str:
        """The user."""
        return str(self.user_id)

    def changes(self) -> dict[str, Any]:
        """Nothing that could be shown."""
        return {}


@dataclass(frozen=True)
class AllSessionsEnded(UserFact):
    """Every session of a user was ended."""

    action: ClassVar[str] = "LOGOUT_ALL"


@dataclass(frozen=True)
class PasswordChanged(UserFact):
    """The user chose a new password."""

    action: ClassVar[str] = "PASSWORD_CHANGE"
