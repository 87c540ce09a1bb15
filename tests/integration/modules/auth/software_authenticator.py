"""An authenticator in software: it makes passkeys and signs as a browser and a device would together (WebAuthn Level 3)."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from mainspring.testing.client import AppClient, SignedIn

PASSKEYS = "/api/v1/auth/passkeys"
ORIGIN = "http://localhost:8000"
PRESENT, VERIFIED, CAN_BACK_UP, BACKED_UP, HAS_KEY = 0x01, 0x04, 0x08, 0x10, 0x40


def b64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class SoftwareAuthenticator:
    """One passkey. Change a field to have it lie."""

    rp_id: str = "localhost"
    origin: str = ORIGIN
    flags: int = PRESENT | VERIFIED | CAN_BACK_UP | BACKED_UP
    counts: bool = False
    count: int = 0
    cross_origin: bool = False
    kind: str | None = None
    handle: bytes | None = None
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def make(self, options: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """What `navigator.credentials.create()` gives."""
        self.handle = self.handle or unb64(options["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        key = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        known = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(key)
        attestation = {"fmt": "none", "attStmt": {}, "authData": self._data(HAS_KEY) + known, **changes}
        return self._credential(
            clientDataJSON=b64(self._said("webauthn.create", options["challenge"])),
            attestationObject=b64(cbor2.dumps(attestation)),
            transports=["internal", "hybrid"],
        )

    def use(self, options: dict[str, Any]) -> dict[str, Any]:
        """What `navigator.credentials.get()` gives."""
        self.count += self.counts
        data, said = self._data(), self._said("webauthn.get", options["challenge"])
        signature = self.key.sign(data + hashlib.sha256(said).digest(), ec.ECDSA(SHA256()))
        handle = {} if self.handle is None else {"userHandle": b64(self.handle)}
        return self._credential(clientDataJSON=b64(said), authenticatorData=b64(data), signature=b64(signature), **handle)

    def _data(self, more: int = 0) -> bytes:
        return hashlib.sha256(self.rp_id.encode()).digest() + bytes([self.flags | more]) + self.count.to_bytes(4, "big")

    def _said(self, kind: str, challenge: str) -> bytes:
        said = {"type": self.kind or kind, "challenge": challenge, "origin": self.origin, "crossOrigin": self.cross_origin}
        return json.dumps(said).encode()

    def _credential(self, **response: Any) -> dict[str, Any]:
        return {
            "id": b64(self.id),
            "rawId": b64(self.id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": response,
        }


async def new_options(app: AppClient, user: SignedIn) -> dict[str, Any]:
    return (await app.as_(user).post(f"{PASSKEYS}/register/options")).raise_for_status().json()


async def with_passkey(app: AppClient, user: SignedIn, **options: Any) -> SoftwareAuthenticator:
    """An authenticator that holds a passkey of the user."""
    authenticator = SoftwareAuthenticator(**options)
    body = {"name": "Ada's phone", "credential": authenticator.make(await new_options(app, user))}
    (await app.as_(user).post(f"{PASSKEYS}/register/verify", json=body)).raise_for_status()
    return authenticator


async def options_to_use(app: AppClient, token: str | None = None) -> dict[str, Any]:
    body = {} if token is None else {"json": {"mfaToken": token}}
    return (await app.post(f"{PASSKEYS}/login/options", **body)).raise_for_status().json()
