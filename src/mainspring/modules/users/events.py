"""What happened to users. Every fact is audited (R-115)."""

from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import UUID

from mainspring.core.events import Event


@dataclass(frozen=True)
class UserEvent(Event):
    """A fact about one user; `changed` maps a field to its values before and after."""

    user_id: UUID
    changed: dict[str, Any] = field(default_factory=dict)

    audited: ClassVar[bool] = True
    resource: ClassVar[str] = "user"

    @property
    def resource_id(self) -> str:
        """The user."""
        return str(self.user_id)

    def changes(self) -> dict[str, Any]:
        """What the audit row shows."""
        return self.changed


@dataclass(frozen=True)
class UserCreated(UserEvent):
    """An account exists."""

    action: ClassVar[str] = "CREATE"


@dataclass(frozen=True)
class UserUpdated(UserEvent):
    """The profile or the status changed."""

    action: ClassVar[str] = "UPDATE"


@dataclass(frozen=True)
class UserDeleted(UserEvent):
    """The account is gone for everyone but a restorer."""

    action: ClassVar[str] = "DELETE"


@dataclass(frozen=True)
class UserRestored(UserEvent):
    """A deleted account is back."""

    action: ClassVar[str] = "RESTORE"
