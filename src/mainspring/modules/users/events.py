"""What happened to users. Every fact is audited (R-115)."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from mainspring.core.events import AuditedFact


@dataclass(frozen=True)
class UserEvent(AuditedFact, resource="user", about="user_id"):
    """A fact about one user; `changed` maps a field to its values before and after."""

    user_id: UUID
    changed: dict[str, Any] = field(default_factory=dict)


class UserCreated(UserEvent, action="CREATE"):
    """An account exists."""


class UserUpdated(UserEvent, action="UPDATE"):
    """The profile or the status changed."""


class UserDeleted(UserEvent, action="DELETE"):
    """The account is gone for everyone but a restorer."""


class UserErased(UserEvent, action="ERASE"):
    """All that is personal is gone from the account for good; whoever keeps more about the user removes it now."""


class UserRestored(UserEvent, action="RESTORE"):
    """A deleted account is back."""
