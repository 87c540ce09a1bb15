"""The keys that sign access tokens and the older ones that still verify them (R-066, D-02).

A ring has one signing key and any number of retired public keys, so a rotation overlaps: tokens of the old key stay valid
until they expire. Keys are named by their RFC 7638 thumbprint.
"""

import fcntl
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from ..module import BootRefused

SigningKey = RSAKey | ECKey | OKPKey

SMALLEST_RSA_BITS = 2048  # RFC 8725 3.5, RFC 7518 3.3; those we make ourselves have 3072 (ASVS 11.2.3)
OWN_RSA_BITS = 3072
KEY_FILE, RETIRED_FILES = "jwt.pem", "jwt-retired-*.pem"

# The setting's name -> the header's `alg` (RFC 9864 names Ed25519 where RFC 8037 said EdDSA) and how a key is made.
ALGORITHMS: Mapping[str, tuple[str, Callable[[], SigningKey]]] = MappingProxyType(
    {
        "RS256": ("RS256", lambda: RSAKey.generate_key(OWN_RSA_BITS)),
        "PS256": ("PS256", lambda: RSAKey.generate_key(OWN_RSA_BITS)),
        "ES256": ("ES256", lambda: ECKey.generate_key("P-256")),
        "EdDSA": ("Ed25519", lambda: OKPKey.generate_key("Ed25519")),
    }
)


class KeyRing:
    """One signing key and all verifying keys, each bound to one algorithm. Raises BootRefused for a key that is too weak."""

    def __init__(self, signing: SigningKey, retired: Iterable[SigningKey] = (), *, algorithm: str = "RS256") -> None:
        if algorithm not in ALGORITHMS:
            raise BootRefused(f"JWT_ALGORITHM is {algorithm!r}; use one of {', '.join(ALGORITHMS)}.")
        self.algorithm = ALGORITHMS[algorithm][0]
        if not signing.is_private:
            raise BootRefused("The key that signs tokens is a public key; JWT_PRIVATE_KEY must be a private one.")
        _check_fits(signing, algorithm)
        self.signing = signing
        self.signing_id = signing.thumbprint()
        self._verifying: dict[str, tuple[SigningKey, str]] = {self.signing_id: (_public(signing), self.algorithm)}
        for key in retired:
            name = _check_strength(key) if isinstance(key, RSAKey) else _algorithm_of(key)
            # an RSA key may have signed RS256 or PS256; a retired one verifies what the ring signs with, RS256 otherwise
            alg = self.algorithm if isinstance(key, RSAKey) and isinstance(signing, RSAKey) else ALGORITHMS[name][0]
            self._verifying.setdefault(key.thumbprint(), (_public(key), alg))

    def verifying(self, key_id: str) -> tuple[SigningKey, str] | None:
        """The public key of that name and the only algorithm it may verify."""
        return self._verifying.get(key_id)

    def jwks(self) -> dict[str, list[dict[str, Any]]]:
        """The public keys as a JWK set (RFC 7517), the signing one first."""
        return {
            "keys": [
                {**key.as_dict(private=False), "kid": key_id, "alg": algorithm, "use": "sig"}
                for key_id, (key, algorithm) in self._verifying.items()
            ]
        }

    @classmethod
    def of_folder(cls, folder: Path, *, algorithm: str = "RS256") -> "KeyRing":
        """The ring kept in `folder`; its key is made there at the first start, mode 0600. Safe when processes start at once.

        Public or private keys in `jwt-retired-*.pem` still verify.
        """
        if algorithm not in ALGORITHMS:
            raise BootRefused(f"JWT_ALGORITHM is {algorithm!r}; use one of {', '.join(ALGORITHMS)}.")
        make = ALGORITHMS[algorithm][1]
        pem = made_once(folder / KEY_FILE, lambda: bytes(make().as_pem(private=True)))
        retired = [read_key(file.read_bytes(), str(file)) for file in sorted(folder.glob(RETIRED_FILES))]
        return cls(read_key(pem, str(folder / KEY_FILE)), retired, algorithm=algorithm)

    @classmethod
    def of_environment(cls, private_pem: str, public_pems: str = "", *, algorithm: str = "RS256") -> "KeyRing":
        """The ring of `JWT_PRIVATE_KEY` and `JWT_PUBLIC_KEY`. The latter may hold several PEM blocks: the public half of the
        private key and retired ones. Raises BootRefused when it is given and the public half is not among them."""
        signing = read_key(_unescaped(private_pem), "JWT_PRIVATE_KEY")
        public = [read_key(block, "JWT_PUBLIC_KEY") for block in _pem_blocks(public_pems)]
        if public and signing.thumbprint() not in {key.thumbprint() for key in public}:
            raise BootRefused("JWT_PUBLIC_KEY does not belong to JWT_PRIVATE_KEY.")
        return cls(signing, [key for key in public if key.thumbprint() != signing.thumbprint()], algorithm=algorithm)


def read_key(pem: bytes, source: str) -> SigningKey:
    """The RSA, P-256 or Ed25519 key in `pem`. Raises BootRefused naming `source`, never showing the key."""
    for kind in (RSAKey, ECKey, OKPKey):
        try:
            key = kind.import_key(pem)
        except (ValueError, TypeError, JoseError):
            continue
        _algorithm_of(key, source)
        return key
    raise BootRefused(f"{source} holds no PEM key that can be read.")


def made_once(path: Path, make: Callable[[], bytes]) -> bytes:
    """The secret kept in `path`; the first caller on the machine makes it (O_EXCL, 0600, fsync, rename), all others read it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(path.parent / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            _write_new(path, make())
        return path.read_bytes()
    finally:
        os.close(lock)


def _write_new(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)  # left by a process that died here; we hold the lock
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _check_fits(key: SigningKey, algorithm: str) -> None:
    wanted = {"RS256": RSAKey, "PS256": RSAKey, "ES256": ECKey, "EdDSA": OKPKey}[algorithm]
    if not isinstance(key, wanted):
        raise BootRefused(f"JWT_ALGORITHM is {algorithm}, but the key is of another kind.")
    _algorithm_of(key)


def _algorithm_of(key: SigningKey, source: str = "A token key") -> str:
    if isinstance(key, RSAKey):
        return _check_strength(key, source)
    curve = key.curve_name
    if curve == "P-256":
        return "ES256"
    if curve == "Ed25519":
        return "EdDSA"
    raise BootRefused(f"{source} is on the curve {curve}; use P-256 or Ed25519.")


def _check_strength(key: RSAKey, source: str = "A token key") -> str:
    bits = key.public_key.key_size
    if bits < SMALLEST_RSA_BITS:
        raise BootRefused(f"{source} is an RSA key of {bits} bits; at least {SMALLEST_RSA_BITS} are needed.")
    return "RS256"


def _public(key: SigningKey) -> SigningKey:
    return type(key).import_key(bytes(key.as_pem(private=False)))


def _unescaped(pem: str) -> bytes:
    return pem.replace("\\n", "\n").strip().encode()


def _pem_blocks(text: str) -> list[bytes]:
    end = "-----END PUBLIC KEY-----"
    return [f"{block.strip()}\n{end}\n".encode() for block in _unescaped(text).decode().split(end) if block.strip()]
