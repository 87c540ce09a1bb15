"""The tables of the audit trail."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from ..database.model import Model


class AuditEntry(Model):
    """One deed. Rows are only ever added; they have no foreign keys, because they outlive what they tell about.

    `seq` and `hash` are given once, after the commit: the place in the chain of the tenant, and what ties the row to the one
    before.
    """

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
    seq: Mapped[int | None] = mapped_column(sort_order=10)
    hash: Mapped[bytes | None] = mapped_column(LargeBinary(), sort_order=11)

    __table_args__ = (
        Index("ix_core_audit_log_created_at_id", "created_at", "id"),
        Index("ix_core_audit_log_resource", "resource", "resource_id", "created_at"),
        Index("ix_core_audit_log_user_id", "user_id", "created_at"),
    )


def _partial(name: str, *columns: Any, where: str, unique: bool = False) -> Index:
    return Index(f"ix_core_audit_log_{name}", *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


_UNCHAINED = _partial("unchained", AuditEntry.id, where="seq IS NULL")
_SEQ = _partial("seq", AuditEntry.seq, where="tenant IS NULL AND seq IS NOT NULL", unique=True)
_TENANT_SEQ = _partial(
    "tenant_seq", AuditEntry.tenant, AuditEntry.seq, where="tenant IS NOT NULL AND seq IS NOT NULL", unique=True
)


class Chain(Model):
    """The head of one chain: the place and the hash of its last row. `id` is the tenant's, or zero for rows without a tenant.

    `signed_*` tell of the newest checkpoint: up to which row, when, and with which key.
    """

    __tablename__ = "core_audit_chains"

    seq: Mapped[int]
    hash: Mapped[bytes] = mapped_column(LargeBinary())
    signed_seq: Mapped[int]
    signed_at: Mapped[datetime | None]
    signed_by: Mapped[str | None] = mapped_column(String(64))


class Checkpoint(Model):
    """A signed word about a chain: that row `seq` has this hash (`head`), or that the chain begins behind it (`beginning`)."""

    __tablename__ = "core_audit_checkpoints"
    __table_args__ = (Index(None, "chain", "kind", "seq"),)

    chain: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(10))
    seq: Mapped[int]
    signed: Mapped[str] = mapped_column(String(4096))
    created_at: Mapped[datetime]
