"""What happened to clients and to what people let them do. Every fact is audited; no secret is in one."""

from dataclasses import dataclass
from uuid import UUID

from mainspring.core.events import AuditedFact


@dataclass(frozen=True)
class ClientEvent(AuditedFact, resource="oauth_client", about="client_id"):
    """A fact about one client."""

    client_id: UUID
    name: str
    scopes: tuple[str, ...]


class ClientCreated(ClientEvent, action="CREATE"):
    """There is a new client."""


class ClientUpdated(ClientEvent, action="UPDATE"):
    """The client has another name, other addresses, grants or scopes."""


class ClientSecretRotated(ClientEvent, action="ROTATE"):
    """The client has a new secret, and the old one is worth nothing."""


class ClientDeleted(ClientEvent, action="DELETE"):
    """The client is gone, and all that it could do."""


@dataclass(frozen=True)
class AccessEvent(AuditedFact, resource="oauth_access", about="client_id"):
    """A fact about what a client may do for one account."""

    client_id: UUID
    user_id: UUID
    scopes: tuple[str, ...]


class AccessGranted(AccessEvent, action="GRANT"):
    """Tokens were issued to a client that was let in."""


class ConsentGiven(AccessEvent, action="CONSENT"):
    """Somebody allowed a client what it asked for."""


class AccessWithdrawn(AccessEvent, action="REVOKE"):
    """Somebody took back what a client could do, or the client gave it back."""


class DeviceDecided(AccessEvent, action="DEVICE"):
    """Somebody let a device in on another one, or did not: then there are no scopes."""


class CodeReused(AccessEvent, action="CODE_REUSE"):
    """An authorization code came a second time, so what it gave was ended."""
