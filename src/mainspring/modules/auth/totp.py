"""Codes of authenticator apps (RFC 6238): SHA-1, six digits, steps of 30 seconds, for most apps know no other."""

import hmac
import secrets
from base64 import b32encode
from datetime import datetime

import pyotp
import segno

from mainspring.core.security.cipher import Cipher
from mainspring.core.settings import Settings

SECRET_BYTES = 32  # R-091; 52 characters of base32
STEP_SECONDS = 30
PICTURE_SCALE = 4  # pixels a module


def new_secret() -> str:
    """A secret in base32, as authenticator apps take it."""
    return b32encode(secrets.token_bytes(SECRET_BYTES)).rstrip(b"=").decode()


def address_of(secret: str, account: str, issuer: str) -> str:
    """The `otpauth://` address that apps read from a picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)


def picture_of(address: str) -> str:
    """The address as a QR code, in a data URL; about 10 ms of processor time."""
    return segno.make_qr(address).png_data_uri(scale=PICTURE_SCALE)


def step_of(secret: str, code: str, moment: datetime, window: int) -> int | None:
    """The step that shows this code, at most `window` steps away from the moment; None when none does.

    Every step is compared, in constant time, so that time tells nothing.
    """
    totp, now = pyotp.TOTP(secret), int(moment.timestamp()) // STEP_SECONDS
    found = [step for step in range(now - window, now + window + 1) if hmac.compare_digest(totp.generate_otp(step), code)]
    return found[-1] if found else None


class TotpSecrets:
    """Secrets as the database holds them: sealed, each bound to its user (D-39)."""

    def __init__(self, settings: Settings) -> None:
        self._cipher = Cipher([key.get_secret_value() for key in settings.encryption_key], "auth.totp")

    def seal(self, secret: str, user_id: object) -> str:
        """The secret under the newest key."""
        return self._cipher.seal(secret, bound_to=f"totp_factors/{user_id}")

    def open(self, sealed: str, user_id: object) -> str:
        """The secret. Raises CannotOpen when its key is gone or it was meant for another user."""
        return self._cipher.open(sealed, bound_to=f"totp_factors/{user_id}")

    def renewed(self, sealed: str, user_id: object) -> str:
        """The same secret under the newest key; the same text when it is already."""
        return self.seal(self.open(sealed, user_id), user_id) if self._cipher.is_outdated(sealed) else sealed
