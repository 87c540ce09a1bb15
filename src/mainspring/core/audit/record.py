"""What a deed leaves in the audit trail, and the row it becomes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from ..context import Context
from ..database.statement import Statement, insert_into
from .models import AuditEntry

LONGEST_USER_AGENT = 512
COLUMNS = (
    "user_id",
    "action",
    "resource",
    "resource_id",
    "changes",
    "ip_address",
    "user_agent",
    "request_id",
    "tenant",
)


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """A deed: `action` on `resource`, given to `uow.audit`. `user_id` is the signed-in user unless another is given.

    Whoever acts as the user stands beside, as `impersonatedBy` in the changes.
    """

    STATEMENT: ClassVar[Statement[Any]] = Statement(insert_into(AuditEntry, *COLUMNS))

    action: str
    resource: str
    resource_id: UUID | str | None = None
    changes: Mapping[str, Any] | None = None
    user_id: UUID | None = None
    tenant: UUID | None = None

    def row(self, context: Context) -> dict[str, Any]:
        """The columns, with the address and the request of the context (R-115)."""
        agent = context.user_agent
        changes = None if self.changes is None else dict(self.changes)
        if (impersonator_id := context.impersonator_id) is not None:
            changes = {**(changes or {}), "impersonatedBy": str(impersonator_id)}
        return {
            "user_id": self.user_id or context.user_id,
            "action": self.action,
            "resource": self.resource,
            "resource_id": None if self.resource_id is None else str(self.resource_id),
            "changes": changes,
            "ip_address": context.address,
            "user_agent": agent[:LONGEST_USER_AGENT] if agent else None,
            "request_id": context.request_id or None,
            "tenant": self.tenant,
        }
