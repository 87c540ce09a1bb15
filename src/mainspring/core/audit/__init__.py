"""The audit trail: who did what to which thing, written in the same transaction (R-115)."""

from .record import AuditRecord

__all__ = ["AuditRecord"]
