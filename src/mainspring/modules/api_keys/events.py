"""What happened to API keys. Every fact is audited; no secret is in one."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mainspring.core.events import AuditedFact
from mainspring.modules.notifications.ports import Kind

CHANGES = Kind("api_keys.changes", "The API keys of your account", mail=True, required=True)


@dataclass(frozen=True)
class ApiKeyEvent(AuditedFact, resource="api_key", about="key_id"):
    """A fact about one key, and whose it is."""

    key_id: UUID
    user_id: UUID
    name: str
    scopes: tuple[str, ...]
    expires_at: datetime


class ApiKeyCreated(ApiKeyEvent, action="CREATE"):
    """There is a new key."""


class ApiKeyRotated(ApiKeyEvent, action="ROTATE"):
    """The key has a new secret and a new end."""


class ApiKeyRevoked(ApiKeyEvent, action="REVOKE"):
    """Nothing opens the key any more."""
