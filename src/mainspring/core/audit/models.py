"""The table of the audit trail."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ..database.model import Model


class AuditEntry(Model):
    """One deed. Rows are only ever added; they have no foreign keys, because they outlive what they tell about."""

    __tablename__ = "core_audit_log"

    user_id: Mapped[UUID | None]
    action: Mapped[str] = mapped_column(String(100))
    resource: Mapped[str] = mapped_column(String(100))
    resource_id: Mapped[str | None] = mapped_column(String(100))
    changes: Mapped[dict[str, Any] | None]
    ip_address: Mapped[str | None] = mapped_column(String(45))
    user_agent: Mapped[str | None] = mapped_column(String(512))
    request_id: Mapped[str | None] = mapped_column(String(128))
    tenant: Mapped[UUID | None]
    created_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_core_audit_log_created_at_id", "created_at", "id"),
        Index("ix_core_audit_log_resource", "resource", "resource_id", "created_at"),
        Index("ix_core_audit_log_user_id", "user_id", "created_at"),
    )
