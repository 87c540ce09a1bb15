"""What the repository of auth returns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from mainspring.core.security.tokens import AccessToken
from mainspring.modules.users.rows import Profile, UserRow


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
    """

    user_id: UUID
    method: str
    is_complete: bool = False


@dataclass(frozen=True, slots=True)
class MailedProof:
    """Whoever shows the secret behind it reads the mailbox of `address`, which was the user's when it was mailed."""

    user_id: UUID
    address: str
    subject_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class WishedEmail:
    """An address that a user wants instead of his own, and which of the two mailboxes agreed."""

    id: UUID
    user_id: UUID
    session_id: UUID
    old_email: str
    new_email: str
    old_confirmed_at: datetime | None
    new_confirmed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail with a secret link, to be written and sent outside of any unit. The secret is nowhere else; `proof` is its hash."""

    proof: str
    to: str
    name: str
    template: str
    link: str = field(repr=False)
    values: Mapping[str, str] = field(default_factory=dict)


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


@dataclass(frozen=True, slots=True)
class PasskeyRow:
    """One passkey."""

    id: UUID
    user_id: UUID
    credential_id: str
    public_key: bytes
    transports: list[Any]
    name: str
    is_backed_up: bool
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """A passkey that was made and proved, and the challenge that it signed."""

    challenge: str = field(repr=False)
    credential_id: str
    public_key: bytes
    sign_count: int
    transports: tuple[str, ...]
    aaguid: str
    is_backed_up: bool


@dataclass(frozen=True, slots=True)
class NewPasskeyWish:
    """What a browser must know to make a passkey."""

    user: UserRow
    challenge: bytes = field(repr=False)
    known: list[PasskeyRow]


@dataclass(frozen=True, slots=True)
class AskedPasskey:
    """What a browser must know to use a passkey; `needs_person` where it must check who holds it."""

    challenge: bytes = field(repr=False)
    known: list[PasskeyRow]
    needs_person: bool


@dataclass(frozen=True, slots=True)
class ShownPasskey:
    """A passkey that signed a challenge, if nobody used that before. `checked_person`: by finger, face or PIN."""

    passkey: PasskeyRow
    challenge: str = field(repr=False)
    sign_count: int
    is_backed_up: bool
    checked_person: bool
    method: str = "passkey"


Shown = ShownStep | ShownRecoveryCode | ShownPasskey


@dataclass(frozen=True, slots=True)
class ExportRow:
    """An archive of what is kept about a user; `content` once it is made."""

    id: UUID
    user_id: UUID
    content: bytes | None = field(repr=False)
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Challenge:
    """A first proof that waits for the second factor."""

    user_id: UUID
    method: str
    transport: str


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
