"""Passwords become Argon2id hashes (R-049, RFC 9106); those of other systems are still checked (D-10)."""

import os
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

from ..errors import Invalid
from .foreign_hashes import is_foreign, matches_foreign
from .hashing_slots import HashingSlots

SALT_BYTES, HASH_BYTES = 16, 32


@dataclass(frozen=True, slots=True)
class Argon2Cost:
    """What one hash costs: memory in KiB, passes over it, lanes."""

    memory_kib: int
    passes: int
    lanes: int


# All presets lie above the floors of ASVS 5 appendix C.
PRESETS: Mapping[str, Argon2Cost] = MappingProxyType(
    {
        "standard": Argon2Cost(65536, 3, 4),
        "small": Argon2Cost(19456, 2, 1),
        "large": Argon2Cost(262144, 3, 4),
    }
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a password matches, and whether its hash is outdated: then hash the password anew and store that."""

    matches: bool
    outdated: bool = False


class Passwords:
    """Hashes and checks passwords. Both wait for a slot, so never call them inside a unit of work.

    Both raise Unavailable when more work waits than two seconds can do.
    """

    def __init__(self, slots: HashingSlots, cost: Argon2Cost = PRESETS["standard"]) -> None:
        self.slots, self.cost = slots, cost
        self._hasher = argon2.PasswordHasher(
            time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=cost.lanes, hash_len=HASH_BYTES, salt_len=SALT_BYTES
        )
        self._decoy = _decoy(cost)

    async def hash(self, password: str) -> str:
        """The hash to store, with its own salt (R-051)."""
        secret = _bytes_of(password)
        return await self.slots.run(lambda: self._hasher.hash(secret))

    async def verify(self, password: str, stored: str | None) -> Verdict:
        """Whether the password is the one behind `stored`. None (no such account) takes exactly as long (D-11)."""
        secret = _bytes_of(password)
        matches = await self.slots.run(lambda: self._matches(secret, stored or self._decoy))
        if stored is None or not matches:
            return Verdict(matches=False)
        return Verdict(matches=True, outdated=self.needs_rehash(stored))

    def needs_rehash(self, stored: str) -> bool:
        """Whether the hash is of another system or of another cost than today's."""
        if is_foreign(stored):
            return True
        try:
            return self._hasher.check_needs_rehash(stored)
        except InvalidHashError:
            return True

    def _matches(self, secret: bytes, stored: str) -> bool:
        if is_foreign(stored):
            return matches_foreign(secret, stored)
        try:
            return self._hasher.verify(stored, secret)
        except (VerificationError, InvalidHashError):
            return False


def _bytes_of(password: str) -> bytes:
    """Every character counts, none is trimmed or folded (ASVS 6.2.8)."""
    try:
        return password.encode()
    except UnicodeEncodeError as wrong:  # half of a surrogate pair is no character
        raise Invalid(
            details=[{"field": "password", "message": "Password holds a broken character", "code": "characters"}]
        ) from wrong


def _decoy(cost: Argon2Cost) -> str:
    """A hash of today's cost that no password has: its digest is random. Checking it takes as long as checking a real one."""
    salt, digest = (b64encode(os.urandom(length)).rstrip(b"=").decode() for length in (SALT_BYTES, HASH_BYTES))
    return f"$argon2id$v=19$m={cost.memory_kib},t={cost.passes},p={cost.lanes}${salt}${digest}"
