"""What the repository of auth returns about signing in and sessions."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from mainspring.core.security.tokens import AccessToken
from mainspring.modules.users.rows import Profile

PASSKEY, IMPERSONATION, CLIENT_CREDENTIALS = "passkey", "impersonation", "client_credentials"


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One session."""

    id: UUID
    user_id: UUID
    transport: str
    method: str
    second_factor: str | None
    device: str | None
    ip_address: str | None
    place: str | None
    created_at: datetime
    last_used_at: datetime
    authenticated_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    impersonator_id: UUID | None = None
    impersonator_session_id: UUID | None = None
    origin_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class EarlierSignIns:
    """How many sessions a user had lately, and how many of them with this program from this address."""

    any: int
    alike: int


@dataclass(frozen=True, slots=True)
class LiveSession:
    """What core asks about a session that is alive."""

    id: UUID
    user_id: UUID
    expires_at: datetime
    authenticated_at: datetime
    transport: str
    method: str
    second_factor: str | None
    impersonator_id: UUID | None
    impersonator_session_id: UUID | None


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A refresh token and the state of its session."""

    session_id: UUID
    expires_at: datetime
    used_at: datetime | None
    successor: bytes | None
    successor_hash: str | None
    user_id: UUID
    transport: str
    session_expires_at: datetime
    session_ended_at: datetime | None
    method: str
    second_factor: str | None


@dataclass(frozen=True, slots=True)
class Tokens:
    """A session that may go on, and the refresh token that does it. The access token is signed after the commit."""

    session_id: UUID
    user_id: UUID
    refresh_token: str = field(repr=False)
    refresh_expires_at: datetime
    transport: str
    has_two_factors: bool


@dataclass(frozen=True, slots=True)
class PresentedRefresh:
    """A refresh token, how it came, and `confirm`, which raises unless one of our own pages sent it for that session."""

    token: str = field(repr=False)
    transport: str
    confirm: Callable[[UUID], None]


@dataclass(frozen=True, slots=True)
class Device:
    """A device that somebody signed in on, and when that was last."""

    id: UUID
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class DeviceToken:
    """What a device shows the next time."""

    text: str = field(repr=False)
    life: timedelta


@dataclass(frozen=True, slots=True)
class Proof:
    """What somebody proved: who it is, and by which method: `password`, `magic_link`, `social`, `passkey`.

    It `is_complete` when it took two factors at once, as a passkey does that checks its owner; then no second one is asked for.
    `origin_id` names the sign-in elsewhere that it came from, for whoever ends all that came from there.
    """

    user_id: UUID
    method: str
    is_complete: bool = False
    origin_id: UUID | None = None


def proved_two(method: str, second_factor: str | None) -> bool:
    """Whether a session that was opened so proved two factors. Whoever acts as another proved them in a session of his own, and
    a program that acts as its service account has none to prove."""
    return second_factor is not None or method in (PASSKEY, IMPERSONATION, CLIENT_CREDENTIALS)


@dataclass(frozen=True, slots=True)
class Challenge:
    """A first proof that waits for the second factor."""

    user_id: UUID
    method: str
    transport: str
    origin_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Entered:
    """A session that began or goes on, and whose it is; `device` when it began. Its access token is signed after the commit."""

    profile: Profile
    tokens: Tokens
    device: DeviceToken | None = None


@dataclass(frozen=True, slots=True)
class MfaRequired:
    """The first factor was right, and the account has a second: no session yet. `methods` are the ways to prove it."""

    token: str = field(repr=False)
    expires_in: int
    methods: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SignedInAs:
    """A user with the tokens of his session."""

    profile: Profile
    tokens: Tokens
    access: AccessToken
    device: DeviceToken | None = None
    must_enrol: bool = False
