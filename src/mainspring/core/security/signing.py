"""Text that travels through clients and must come back unchanged: cursors, links, CSRF tokens (R-087).

`<payload>.<mac>`, both base64url. The mac is HMAC-SHA-256 under a key of its purpose, cut to 128 bits. The payload is readable.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime

from .. import clock
from ..errors import Invalid
from .derivation import derived_key

MAC_BYTES = 16
LONGEST = 8192  # characters


class BadSignature(Invalid):
    """The text was not signed by us, or not for this."""

    code, message = "BAD_SIGNATURE", "This was changed on the way, or is not meant for this."


class Signer:
    """Signs for one purpose. Of several secrets the first signs, all are accepted. Raises ValueError without a secret."""

    def __init__(self, secrets: Sequence[str], purpose: str) -> None:
        if not secrets or not all(secrets):
            raise ValueError("a signer needs a secret")
        self._keys = [derived_key(secret.encode(), f"signing/{purpose}") for secret in secrets]

    def sign(self, payload: bytes) -> str:
        """The payload with its mac."""
        return f"{_text(payload)}.{_text(self.mac(payload))}"

    def verify(self, signed: str) -> bytes:
        """The payload. Raises BadSignature."""
        payload, mac = _parts(signed)
        if not self.is_mac(mac, payload):
            raise BadSignature
        return payload

    def sign_until(self, payload: bytes, expires_at: datetime) -> str:
        """The payload with its end and a mac over both, for links."""
        return self.sign(b"%d.%s" % (int(expires_at.timestamp()), payload))

    def verify_until(self, signed: str) -> bytes:
        """The payload of `sign_until`. Raises BadSignature, also once its time is over."""
        end, _, payload = self.verify(signed).partition(b".")
        if not end.isdigit() or int(end) <= clock.now().timestamp():
            raise BadSignature
        return payload

    def mac(self, payload: bytes) -> bytes:
        """The mac alone, for tokens that are compared and carry nothing."""
        return hmac.digest(self._keys[0], payload, "sha256")[:MAC_BYTES]

    def is_mac(self, mac: bytes, payload: bytes) -> bool:
        """Whether one of the keys made this mac, compared in constant time."""
        return any(hmac.compare_digest(hmac.digest(key, payload, "sha256")[:MAC_BYTES], mac) for key in self._keys)


def _parts(signed: str) -> tuple[bytes, bytes]:
    payload, dot, mac = signed.partition(".")
    if not dot or len(signed) > LONGEST or not signed.isascii():
        raise BadSignature
    try:
        return _bytes(payload), _bytes(mac)
    except ValueError as wrong:
        raise BadSignature from wrong


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    """Unpadded base64url in its one spelling."""
    raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _text(raw) != text:
        raise ValueError("another spelling")
    return raw
