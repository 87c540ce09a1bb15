"""The keys that sign access tokens and the older ones that still verify them (R-066, D-02).

A ring has one signing key and any number of others that verify, so a rotation overlaps: tokens of the old key stay valid until
they expire. Keys are named by their RFC 7638 thumbprint. `JWT_PRIVATE_KEY` gives them, else `core.token_keys` keeps them.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from joserfc.jwk import ECKey, OKPKey, RSAKey

from ..module import BootRefused
from ..settings.secrets import KEYS

SigningKey = RSAKey | ECKey | OKPKey

SMALLEST_RSA_BITS = 2048  # RFC 8725 3.5, RFC 7518 3.3; those we make ourselves have 3072 (ASVS 11.2.3)
OWN_RSA_BITS = 3072
PUBLISHED_SECONDS = 300  # how long others may keep the set of public keys; one that joins is seen by everyone then

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

    def __init__(
        self,
        signing: SigningKey,
        retired: Iterable[SigningKey] = (),
        *,
        algorithm: str = "RS256",
        others: Iterable[tuple[SigningKey, str]] = (),
        former: Iterable[SigningKey] = (),
    ) -> None:
        """`others` verify tokens of the algorithm that each is given with; `former` open old checkpoints and no token."""
        _check_known(algorithm)
        if not signing.is_private:
            raise BootRefused("The key that signs tokens is a public key; JWT_PRIVATE_KEY must be a private one.")
        if not _fits(signing, algorithm):
            raise BootRefused(f"JWT_ALGORITHM is {algorithm}, but the key is of another kind.")
        self.algorithm = ALGORITHMS[algorithm][0]
        self.signing = signing
        self.signing_id = signing.thumbprint()
        self._verifying: dict[str, tuple[SigningKey, str]] = {self.signing_id: (_public(signing), self.algorithm)}
        for key, name in others:
            self._verifying.setdefault(key.thumbprint(), (_public(key), ALGORITHMS[name][0]))
        self._former = {key.thumbprint(): _public(key) for key in former}
        for key in retired:
            # an RSA key may have signed RS256 or PS256: today's algorithm if it fits, else the first that does
            name = next(name for name in (algorithm, *ALGORITHMS) if _fits(key, name))
            self._verifying.setdefault(key.thumbprint(), (_public(key), ALGORITHMS[name][0]))

    def verifying(self, key_id: str) -> tuple[SigningKey, str] | None:
        """The public key of that name and the only algorithm it may verify."""
        return self._verifying.get(key_id)

    def known(self, key_id: str) -> SigningKey | None:
        """The public key of that name, also when its tokens have all ended."""
        verifying = self._verifying.get(key_id)
        return verifying[0] if verifying else self._former.get(key_id)

    def jwks(self) -> dict[str, list[dict[str, Any]]]:
        """The public keys as a JWK set (RFC 7517), the signing one first."""
        return {
            "keys": [
                {**key.as_dict(private=False), "kid": key_id, "alg": algorithm, "use": "sig"}
                for key_id, (key, algorithm) in self._verifying.items()
            ]
        }

    @property
    def rsa_bits(self) -> int | None:
        """The length of the signing key; None where it is no RSA key."""
        return self.signing.raw_value.key_size if isinstance(self.signing, RSAKey) else None

    @classmethod
    def of_environment(cls, private_pem: str, public_pems: str = "", *, algorithm: str = "RS256") -> "KeyRing":
        """The ring of `JWT_PRIVATE_KEY` and `JWT_PUBLIC_KEY`. The latter may hold several PEM blocks: the public half of the
        private key and retired ones. Raises BootRefused when it is given and the public half is not among them."""
        signing = read_key(_unescaped(private_pem), "JWT_PRIVATE_KEY")
        public = read_public_keys(public_pems, "JWT_PUBLIC_KEY")
        if public and signing.thumbprint() not in {key.thumbprint() for key in public}:
            raise BootRefused("JWT_PUBLIC_KEY does not belong to JWT_PRIVATE_KEY.")
        return cls(signing, [key for key in public if key.thumbprint() != signing.thumbprint()], algorithm=algorithm)


def new_key(algorithm: str) -> SigningKey:
    """A key for the algorithm; making one for RSA takes up to a second."""
    _check_known(algorithm)
    return ALGORITHMS[algorithm][1]()


def left_in_folder(data_dir: Path, algorithm: str) -> SigningKey | None:
    """The key that a version before this one kept unsealed in `DATA_DIR/keys`, if it is there."""
    file = data_dir / KEYS / f"jwt-{algorithm.lower()}.pem"
    return read_key(file.read_bytes(), str(file)) if file.exists() else None


def read_key(pem: bytes, source: str) -> SigningKey:
    """The RSA, P-256 or Ed25519 key in `pem`. Raises BootRefused naming `source`, never showing the key."""
    try:
        found = _loaded(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm) as wrong:
        raise BootRefused(f"{source} holds no PEM key that can be read.") from wrong
    if isinstance(found, rsa.RSAPrivateKey | rsa.RSAPublicKey):
        if found.key_size < SMALLEST_RSA_BITS:
            raise BootRefused(f"{source} is an RSA key of {found.key_size} bits; at least {SMALLEST_RSA_BITS} are needed.")
        return RSAKey.import_key(found)
    if isinstance(found, ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey) and isinstance(found.curve, ec.SECP256R1):
        return ECKey.import_key(found)
    if isinstance(found, ed25519.Ed25519PrivateKey | ed25519.Ed25519PublicKey):
        return OKPKey.import_key(found)
    raise BootRefused(f"{source} is neither an RSA key nor one on the curves P-256 and Ed25519.")


@lru_cache(4)
def _loaded(pem: bytes) -> PrivateKeyTypes | PublicKeyTypes:
    """The key in `pem`; kept, since checking the primes of a private one takes a tenth of a second."""
    if b"PRIVATE KEY-----" in pem:
        return serialization.load_pem_private_key(pem, None)
    return serialization.load_pem_public_key(pem)


def algorithms_of(key: SigningKey) -> tuple[str, ...]:
    """The header's names of every algorithm that the key may have signed with."""
    return tuple(name for setting, (name, _) in ALGORITHMS.items() if _fits(key, setting))


def read_public_keys(pems: str, source: str) -> list[SigningKey]:
    """The public keys in a text of PEM blocks. Raises BootRefused naming `source`."""
    return [read_key(block, source) for block in _pem_blocks(pems)]


def _check_known(algorithm: str) -> None:
    if algorithm not in ALGORITHMS:
        raise BootRefused(f"JWT_ALGORITHM is {algorithm!r}; use one of {', '.join(ALGORITHMS)}.")


def _fits(key: SigningKey, algorithm: str) -> bool:
    kinds: dict[str, type[SigningKey]] = {"RS256": RSAKey, "PS256": RSAKey, "ES256": ECKey, "EdDSA": OKPKey}
    return isinstance(key, kinds[algorithm])


def _public(key: SigningKey) -> SigningKey:
    return read_key(bytes(key.as_pem(private=False)), "A token key")


def _unescaped(pem: str) -> bytes:
    return pem.replace("\\n", "\n").strip().encode()


def _pem_blocks(text: str) -> list[bytes]:
    end = "-----END PUBLIC KEY-----"
    return [f"{block.strip()}\n{end}\n".encode() for block in _unescaped(text).decode().split(end) if block.strip()]
