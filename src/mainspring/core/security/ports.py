"""What core asks of the modules about who is signed in. `modules/auth` and `modules/access` answer (ARCHITECTURE 10 f, h)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol
from uuid import UUID

from ..limits.lending import TallyStore

if TYPE_CHECKING:
    from ..database import UnitOfWork
    from .principal import Principal


@dataclass(frozen=True, slots=True)
class SessionState:
    """A session that is alive now: not ended, not past `expires_at`, its user neither deleted nor inactive.

    One that is `for_client` was opened for an OAuth client, and nothing but the tokens of a client belong to it.
    """

    session_id: UUID
    user_id: UUID
    email: str
    expires_at: datetime
    authenticated_at: datetime | None = None
    has_two_factors: bool = True  # whether the session proved two, or nobody can ask its user for two
    impersonator_id: UUID | None = None  # who acts as the user, when it is not he himself
    for_client: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """What a user holds now. `ends_at` is the earliest moment at which one of it ends, None when nothing ends."""

    roles: frozenset[str] = frozenset()
    permissions: frozenset[str] = frozenset()
    ends_at: datetime | None = None

    def within(self, scopes: frozenset[str] | None) -> "Held":
        """What of it a program with these scopes may use: permissions only. Everything when there is no program."""
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


class KeyTallies(TallyStore[UUID], Protocol):
    """Keeps how much of its budget of requests each API key has used."""


class OutsideTokens(Protocol):
    """Judges bearer tokens of issuers that are not ours (R-098)."""

    @property
    def is_used(self) -> bool:
        """Whether any such issuer is trusted here."""
        ...

    def names_issuer(self, token: bytes) -> bool:
        """Whether the token says that one of them made it. Nothing of it is believed yet."""
        ...

    async def principal(self, token: bytes) -> "Principal":
        """Who asks. Raises TokenInvalid, TokenExpired, TokenRevoked, and Unavailable when the issuer's keys cannot be had."""
        ...

    def forget_user(self, user_id: UUID) -> None:
        """Drop what is known of the user. Called after the commit that changed something."""
        ...

    def forget_all(self) -> None:
        """Drop everything, as after a change of a role's permissions."""
        ...

    async def stop(self) -> None:
        """End what runs behind it."""
        ...


class CredentialChecker(Protocol):
    """Checks the password of a signed-in user before a delicate change (ASVS 7.5.1)."""

    async def check(self, user_id: UUID, password: str) -> bool:
        """Whether this is the user's password; takes as long for an unknown user. Never call it inside a unit of work."""
        ...
