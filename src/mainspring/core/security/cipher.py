"""Fields that must be secret at rest: AES-256-GCM, keys of `ENCRYPTION_KEY` by purpose, rotated with overlap (R-186, R-087).

Sealed text reads `v1.<key id>.<nonce, ciphertext and tag in base64url>`. The first key seals, all of them open.
"""

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .derivation import derived_key

VERSION = "v1"
NONCE_BYTES = 12  # random; SP 800-38D allows 2^32 messages a key, and each purpose has its own


class CannotOpen(ValueError):
    """The sealed text was damaged, belongs elsewhere, or its key is gone."""


class Cipher:
    """Seals and opens text for one purpose. Raises ValueError without a secret.

    `bound_to` names the place of the value, as `users/<id>/mfa_secret`; sealed text moved to another place does not open.
    """

    def __init__(self, secrets: Sequence[str], purpose: str) -> None:
        if not secrets or not all(secrets):
            raise ValueError("a cipher needs a secret")
        keys = [derived_key(secret.encode(), f"cipher/{purpose}") for secret in secrets]
        self._sealing_id = _key_id(keys[0])
        self._keys = {_key_id(key): AESGCM(key) for key in keys}

    def seal(self, text: str, *, bound_to: str = "") -> str:
        """The text, sealed with the first key."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = nonce + self._keys[self._sealing_id].encrypt(nonce, text.encode(), _place(self._sealing_id, bound_to))
        return f"{VERSION}.{self._sealing_id}.{urlsafe_b64encode(sealed).rstrip(b'=').decode()}"

    def open(self, sealed: str, *, bound_to: str = "") -> str:
        """The text that was sealed. Raises CannotOpen."""
        version, _, rest = sealed.partition(".")
        key_id, _, body = rest.partition(".")
        key = self._keys.get(key_id)
        if version != VERSION or key is None:
            raise CannotOpen("the key of this sealed text is not known")
        try:
            raw = urlsafe_b64decode(body + "=" * (-len(body) % 4))
            return key.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], _place(key_id, bound_to)).decode()
        except (InvalidTag, ValueError) as wrong:
            raise CannotOpen("this sealed text does not open") from wrong

    def is_outdated(self, sealed: str) -> bool:
        """Whether an older key sealed it; then open it and seal it anew."""
        return not sealed.startswith(f"{VERSION}.{self._sealing_id}.")


def _key_id(key: bytes) -> str:
    return sha256(b"key id" + key).hexdigest()[:8]


def _place(key_id: str, bound_to: str) -> bytes:
    return f"{VERSION}.{key_id}.{bound_to}".encode()
