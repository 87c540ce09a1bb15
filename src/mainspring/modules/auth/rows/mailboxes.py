"""What the repository of auth returns about mails, and archives of what is kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class MailedProof:
    """Whoever shows the secret behind it reads the mailbox of `address`, which was the user's when it was mailed."""

    user_id: UUID
    address: str
    subject_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class WishedEmail:
    """An address that a user wants instead of his own, and which of the two mailboxes agreed."""

    id: UUID
    user_id: UUID
    session_id: UUID
    old_email: str
    new_email: str
    old_confirmed_at: datetime | None
    new_confirmed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail with a secret link, to be written and sent outside of any unit. The secret is nowhere else; `proof` is its hash."""

    proof: str
    to: str
    name: str
    template: str
    link: str = field(repr=False)
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ExportRow:
    """An archive of what is kept about a user; `content` once it is made."""

    id: UUID
    user_id: UUID
    content: bytes | None = field(repr=False)
    created_at: datetime
    expires_at: datetime
