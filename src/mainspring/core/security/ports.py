"""What core asks of the modules about who is signed in. `modules/auth` and `modules/access` answer (ARCHITECTURE 10 f, h)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

if TYPE_CHECKING:
    from ..database import UnitOfWork


@dataclass(frozen=True, slots=True)
class SessionState:
    """A session that is alive now: not ended, not past `expires_at`, its user neither deleted nor inactive."""

    session_id: UUID
    user_id: UUID
    email: str
    expires_at: datetime
    authenticated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """What a user holds now. `ends_at` is the earliest moment at which one of it ends, None when nothing ends."""

    roles: frozenset[str] = frozenset()
    permissions: frozenset[str] = frozenset()
    ends_at: datetime | None = None


class SessionSource(Protocol):
    """Knows which sessions are alive."""

    async def live(self, uow: "UnitOfWork", session_ids: Sequence[UUID]) -> dict[UUID, SessionState]:
        """The living ones among `session_ids`; whatever is dead, unknown or of a dead user is absent."""
        ...


class PermissionSource(Protocol):
    """Knows what users may do."""

    async def held(self, uow: "UnitOfWork", user_ids: Sequence[UUID]) -> dict[UUID, Held]:
        """Roles and permissions of each user, from roles and grants that have not ended; absent means nothing."""
        ...


class CredentialChecker(Protocol):
    """Checks the password of a signed-in user before a delicate change (ASVS 7.5.1)."""

    async def check(self, user_id: UUID, password: str) -> bool:
        """Whether this is the user's password; takes as long for an unknown user. Never call it inside a unit of work."""
        ...
