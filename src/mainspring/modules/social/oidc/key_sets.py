"""The keys that a provider signs with (RFC 7517). An unknown key is looked for once a minute at most, so nobody makes us ask."""

import asyncio
from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey

from mainspring.core import clock
from mainspring.core.errors import Unavailable

from .asking import Asking

FRESH_SECONDS = 60 * 60
AGAIN_SECONDS = 60
MOST_KEYS = 50
SMALLEST_RSA_BITS = 2048  # RFC 8725 3.5
RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
CURVES = {"P-256": ("ES256",), "P-384": ("ES384",), "P-521": ("ES512",), "Ed25519": ("EdDSA", "Ed25519")}
ALGORITHMS = frozenset((*RSA, "ES256", "ES384", "ES512", "EdDSA", "Ed25519"))  # never none, never one with a shared secret

PublicKey = RSAKey | ECKey | OKPKey


@dataclass(frozen=True, slots=True)
class Known:
    """A public key, its name, and what it may verify."""

    id: str | None
    key: PublicKey
    algorithms: tuple[str, ...]


class KeySet:
    """The keys behind one address; `where` tells it, for it stands in metadata that may not be there yet."""

    def __init__(self, asking: Asking, where: Callable[[], Awaitable[str]]) -> None:
        self.asking, self.where = asking, where
        self._keys: list[Known] = []
        self._at: float | None = None
        self._one = asyncio.Lock()

    async def find(self, id: str | None, algorithm: str) -> PublicKey | None:
        """The key of that name that may verify the algorithm; without a name, the only one that may.

        Raises ProviderUnavailable when the provider never answered.
        """
        if self._age() >= FRESH_SECONDS:
            await self._renew(FRESH_SECONDS)
        found = self._look(id, algorithm)
        if found is None and self._age() >= AGAIN_SECONDS:
            await self._renew(AGAIN_SECONDS)
            found = self._look(id, algorithm)
        return found

    def _age(self) -> float:
        return float("inf") if self._at is None else clock.monotonic() - self._at

    def _look(self, id: str | None, algorithm: str) -> PublicKey | None:
        fitting = [one.key for one in self._keys if algorithm in one.algorithms and (id is None or one.id == id)]
        return fitting[0] if len(fitting) == 1 else None

    async def _renew(self, older_than: float) -> None:
        async with self._one:
            if self._age() < older_than:  # somebody else was faster
                return
            try:
                url = await self.where()
                keys = self._read(url, await self.asking.get(url))
            except Unavailable:
                if self._at is None:
                    raise
                self._at = clock.monotonic() - FRESH_SECONDS + AGAIN_SECONDS  # the old ones do for another minute
                return
            self._keys, self._at = keys, clock.monotonic()

    def _read(self, url: str, said: Any) -> list[Known]:  # Any: any JSON
        keys = said.get("keys") if isinstance(said, dict) else None
        if not isinstance(keys, list):
            raise self.asking.odd(url, "it answered no key set")
        return [known for one in keys[:MOST_KEYS] if (known := _known(one)) is not None]


def _known(said: Any) -> Known | None:  # Any: any JSON
    """A key that may verify something; None for every other, which a provider may publish beside it."""
    if not isinstance(said, dict) or said.get("kty") not in ("RSA", "EC", "OKP") or said.get("use", "sig") != "sig":
        return None
    public: Mapping[str, Any] = {name: said[name] for name in ("kty", "n", "e", "crv", "x", "y") if name in said}
    if said["kty"] == "RSA" and _bits(said.get("n")) < SMALLEST_RSA_BITS:
        return None
    try:
        key = JWKRegistry.import_key(dict(public))
    except (JoseError, ValueError, TypeError):
        return None
    if not isinstance(key, RSAKey | ECKey | OKPKey):
        return None
    algorithms = _algorithms(key, said)
    id = said.get("kid")
    return Known(id if isinstance(id, str) else None, key, algorithms) if algorithms else None


def _algorithms(key: PublicKey, said: Mapping[str, Any]) -> tuple[str, ...]:
    fitting: tuple[str, ...] = RSA if isinstance(key, RSAKey) else CURVES.get(str(said.get("crv")), ())
    only = said.get("alg")
    return fitting if only is None else tuple(one for one in fitting if one == only)


def _bits(modulus: object) -> int:
    """The length of an RSA key, known before the key is made."""
    try:
        return int.from_bytes(urlsafe_b64decode(f"{modulus}==")).bit_length() if isinstance(modulus, str) else 0
    except ValueError:
        return 0
