"""What core asks of the modules about who is signed in. `modules/auth` and `modules/access` answer (ARCHITECTURE 10 f, h)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol
from uuid import UUID

from ..limits.budgets import TallyStore

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

    def within(self, scopes: frozenset[str] | None) -> "Held":
        """What of it an API key with these scopes may use: permissions only. Everything when there is no key."""
        return self if scopes is None else Held(frozenset(), self.permissions & scopes, self.ends_at)


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


@dataclass(frozen=True, slots=True)
class KeyState:
    """An API key as it is now. `secrets` maps the SHA-256 of each text that opens it to when that text ends: two of them while it
    is rotated. `ended` says why nothing opens it any more. `per_minute` is its budget of requests."""

    key_id: UUID
    user_id: UUID
    email: str
    scopes: frozenset[str]
    secrets: Mapping[str, datetime] = field(repr=False)
    expires_at: datetime
    per_minute: int
    ended: Literal["expired", "revoked"] | None = None


class KeySource(Protocol):
    """Knows API keys (R-099)."""

    async def live(self, uow: "UnitOfWork", key_ids: Sequence[UUID]) -> dict[UUID, KeyState]:
        """Those of `key_ids` that exist. One that ended, or whose owner is deleted or inactive, says so in `ended`."""
        ...

    async def used(self, key_ids: Collection[UUID]) -> None:
        """Note that the keys were used now, unless that was noted within the last minute. In a unit of its own."""
        ...


class KeyTallies(TallyStore, Protocol):
    """Keeps how much of its budget of requests each API key has used."""


class CredentialChecker(Protocol):
    """Checks the password of a signed-in user before a delicate change (ASVS 7.5.1)."""

    async def check(self, user_id: UUID, password: str) -> bool:
        """Whether this is the user's password; takes as long for an unknown user. Never call it inside a unit of work."""
        ...
