"""Passwords become Argon2id hashes (R-049, RFC 9106); those of other systems are still checked (D-10)."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ..errors import Invalid
from .argon2id import Argon2Cost, decoy, hashed, is_of_cost, matches
from .foreign_hashes import is_foreign, matches_foreign
from .hashing_slots import HashingSlots

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

    Both raise Unavailable when hashing would not begin in time.
    """

    def __init__(self, slots: HashingSlots, cost: Argon2Cost = PRESETS["standard"]) -> None:
        self.slots, self.cost = slots, cost
        self._decoy = decoy(cost)

    async def hash(self, password: str) -> str:
        """The hash to store, with its own salt (R-051)."""
        secret = _bytes_of(password)
        return await self.slots.run(lambda: hashed(secret, self.cost))

    async def verify(self, password: str, stored: str | None) -> Verdict:
        """Whether the password is the one behind `stored`. None (no such account) takes exactly as long (D-11)."""
        secret = _bytes_of(password)
        is_right = await self.slots.run(lambda: _matches(secret, stored or self._decoy))
        if stored is None or not is_right:
            return Verdict(matches=False)
        return Verdict(matches=True, outdated=self.needs_rehash(stored))

    def needs_rehash(self, stored: str) -> bool:
        """Whether the hash is of another system or of another cost than today's."""
        return not is_of_cost(stored, self.cost)


def _matches(secret: bytes, stored: str) -> bool:
    return matches_foreign(secret, stored) if is_foreign(stored) else matches(secret, stored)


def _bytes_of(password: str) -> bytes:
    """Every character counts, none is trimmed or folded (ASVS 6.2.8)."""
    try:
        return password.encode()
    except UnicodeEncodeError as wrong:  # half of a surrogate pair is no character
        raise Invalid(
            details=[{"field": "password", "message": "Password holds a broken character", "code": "characters"}]
        ) from wrong
