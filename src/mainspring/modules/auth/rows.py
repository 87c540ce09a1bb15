"""What the repository of auth returns."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from mainspring.core.security.tokens import AccessToken
from mainspring.modules.users.rows import Profile

PAGE = "page"  # the transport of a session on our own sign-in page: its one token is a cookie that no route of the API reads
CLIENT = "oauth"  # that of a session that somebody let an OAuth client have


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
    created_at: datetime
    last_used_at: datetime
    authenticated_at: datetime
    expires_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class LiveSession:
    """What core asks about a session that is alive."""

    id: UUID
    user_id: UUID
    expires_at: datetime
    authenticated_at: datetime
    transport: str


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


@dataclass(frozen=True, slots=True)
class Tokens:
    """A session that may go on, and the refresh token that does it. The access token is signed after the commit."""

    session_id: UUID
    user_id: UUID
    refresh_token: str = field(repr=False)
    refresh_expires_at: datetime
    transport: str


@dataclass(frozen=True, slots=True)
class PresentedRefresh:
    """A refresh token, how it came, and `confirm`, which raises unless one of our own pages sent it for that session."""

    token: str = field(repr=False)
    transport: str
    confirm: Callable[[UUID], None]


@dataclass(frozen=True, slots=True)
class Proof:
    """What somebody proved: who it is, and by which method: `password`, `magic_link`, `social`, `passkey`.

    It `is_complete` when it took two factors at once, as a passkey does that checks its owner; then no second one is asked for.
    """

    user_id: UUID
    method: str
    is_complete: bool = False


@dataclass(frozen=True, slots=True)
class TotpRow:
    """An authenticator app; its secret is sealed."""

    user_id: UUID
    secret: str = field(repr=False)
    activated_at: datetime | None


@dataclass(frozen=True, slots=True)
class FactorsRow:
    """The second factors of an account."""

    methods: tuple[str, ...]
    totp_activated_at: datetime | None
    recovery_codes_left: int


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator app needs, shown once."""

    secret: str = field(repr=False)
    otpauth_url: str = field(repr=False)
    qr_code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ShownStep:
    """A code that is right for this step of this app, if nobody used it before. `renewed` is the secret under the newest key."""

    factor: TotpRow
    step: int
    renewed: str = field(repr=False)
    method: str = "totp"


@dataclass(frozen=True, slots=True)
class ShownRecoveryCode:
    """A recovery code, right or not."""

    code_hash: str
    method: str = "recovery_code"


Shown = ShownStep | ShownRecoveryCode


@dataclass(frozen=True, slots=True)
class Challenge:
    """A first proof that waits for the second factor."""

    user_id: UUID
    method: str
    transport: str


@dataclass(frozen=True, slots=True)
class Entered:
    """A session that began or goes on, and whose it is. Its access token is signed after the commit."""

    profile: Profile
    tokens: Tokens


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
