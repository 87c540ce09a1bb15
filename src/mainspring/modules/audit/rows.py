"""What the repository of audit returns."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One change: who, what, from where, when (R-115)."""

    id: UUID
    user_id: UUID | None
    action: str
    resource: str
    resource_id: str | None
    changes: dict[str, Any] | None  # Any: each kind of change has its own shape
    ip_address: str | None
    user_agent: str | None
    request_id: str | None
    created_at: datetime
