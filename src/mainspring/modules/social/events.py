"""What happened to links with outside accounts. Every fact is audited; no token is in one."""

from dataclasses import dataclass, replace
from uuid import UUID

from mainspring.core.audit import AuditRecord
from mainspring.core.events import AuditedFact
from mainspring.modules.notifications.ports import Kind

LINKS = Kind("social.links", "Sign-ins with other services", mail=True, required=True)


@dataclass(frozen=True)
class LinkEvent(AuditedFact, resource="social_link", about="link_id"):
    """A fact about one link, and whose it is."""

    link_id: UUID
    user_id: UUID
    provider: str
    label: str
    issuer: str

    def record(self) -> AuditRecord:
        """The owner is the doer, also while signing in."""
        return replace(super().record(), user_id=self.user_id)


class IdentityLinked(LinkEvent, action="LINK"):
    """The outside account opens this account from now on; it was there before."""


class AccountMade(LinkEvent, action="LINK_NEW"):
    """The account was made by signing in with the outside account."""


class IdentityUnlinked(LinkEvent, action="UNLINK"):
    """The outside account opens this account no more."""
