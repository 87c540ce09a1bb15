"""What the repository of auth returns about second factors and passkeys."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from mainspring.modules.users.rows import UserRow


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
