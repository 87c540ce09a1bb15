"""Signed words about chains, as compact JWS under the keys that sign access tokens, so that others can check them with our JWKS.

Their `typ` is no token's, and no token's is theirs (RFC 8725 3.11). A key that left the ring still opens its seals when
AUDIT__PUBLIC_KEYS holds its public half.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import orjson
from joserfc import jws
from joserfc.errors import JoseError

from ..security.keys import KeyRing, SigningKey, algorithms_of

TYPE = "audit-checkpoint+jws"
Kind = Literal["head", "beginning"]
KINDS = ("head", "beginning")


class SealBroken(Exception):
    """The signature is not of the key that it names, or what it covers is no word about a chain."""


class KeyUnknown(Exception):
    """The seal names a key that we do not have."""

    def __init__(self, key_id: str) -> None:
        super().__init__(key_id)
        self.key_id = key_id


@dataclass(frozen=True, slots=True)
class Word:
    """Row `seq` of the chain has this hash at that moment; as a `beginning`, the chain starts behind it."""

    kind: Kind
    chain: UUID
    seq: int
    hash: bytes
    at: datetime


class Seals:
    """Signs with the ring's signing key; opens with every key of the ring, and with `retired` ones."""

    def __init__(self, ring: Callable[[], KeyRing], retired: Iterable[SigningKey] = ()) -> None:
        self._ring = ring
        self._retired = {key.thumbprint(): key for key in retired}

    @property
    def signing_id(self) -> str:
        """The id of the key that signs."""
        return self._ring().signing_id

    def know(self, keys: Iterable[SigningKey]) -> None:
        """Open seals of these keys too."""
        self._retired |= {key.thumbprint(): key for key in keys}

    def sign(self, word: Word) -> str:
        """The word, sealed. It takes a millisecond of processor time."""
        ring = self._ring()
        header = {"alg": ring.algorithm, "typ": TYPE, "kid": ring.signing_id}
        payload = {
            "kind": word.kind,
            "chain": str(word.chain),
            "seq": word.seq,
            "hash": word.hash.hex(),
            "at": word.at.isoformat(),
        }
        return jws.serialize_compact(header, orjson.dumps(payload), ring.signing, algorithms=[ring.algorithm])

    def open(self, signed: str) -> Word:
        """The word in a seal. Raises SealBroken and KeyUnknown."""
        key_id, _ = self.peek(signed)
        key = self._key(key_id)
        try:
            return _word(jws.deserialize_compact(signed, key, algorithms=algorithms_of(key)).payload)
        except (JoseError, ValueError, TypeError) as wrong:
            raise SealBroken from wrong

    def peek(self, signed: str) -> tuple[str, Word]:
        """The key that a seal names and the word in it, which nothing proves yet. Raises SealBroken."""
        try:
            found = jws.extract_compact(signed.encode())
            header = found.headers()
            if header.keys() != {"alg", "typ", "kid"} or header["typ"] != TYPE:
                raise SealBroken
            return str(header["kid"]), _word(found.payload)
        except (JoseError, ValueError, TypeError) as wrong:
            raise SealBroken from wrong

    def _key(self, key_id: str) -> SigningKey:
        key = self._ring().known(key_id) or self._retired.get(key_id)
        if key is None:
            raise KeyUnknown(key_id)
        return key


def _word(payload: bytes) -> Word:
    """Raises SealBroken."""
    try:
        read = orjson.loads(payload)
        if read["kind"] not in KINDS:
            raise SealBroken
        at = datetime.fromisoformat(read["at"])
        return Word(read["kind"], UUID(read["chain"]), int(read["seq"]), bytes.fromhex(read["hash"]), at)
    except (ValueError, TypeError, KeyError, AttributeError) as wrong:
        raise SealBroken from wrong
