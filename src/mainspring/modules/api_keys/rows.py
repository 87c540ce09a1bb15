"""What the repository of API keys returns."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key without anything secret."""

    id: UUID
    user_id: UUID
    name: str
    scopes: list[str]
    is_live: bool
    per_minute: int | None
    lifetime_seconds: int
    previous_until: datetime | None
    expires_at: datetime
    rotated_at: datetime | None
    last_used_at: datetime | None
    created_by: UUID | None
    created_at: datetime
    updated_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class OpeningRow:
    """What decides whether a text opens a key. The hashes leave the module in a `KeyState` alone."""

    id: UUID
    user_id: UUID
    scopes: list[str]
    per_minute: int | None
    secret_hash: str = field(repr=False)
    previous_hash: str | None = field(repr=False)
    previous_until: datetime | None
    expires_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class TallyRow:
    """How much of its budget a key has used."""

    tally: Any  # JSON


@dataclass(frozen=True, slots=True)
class ShownKey:
    """A key with the text that opens it, which exists in this answer only."""

    row: KeyRow
    text: str = field(repr=False)
