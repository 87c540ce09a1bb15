"""The questions to the trail."""

from dataclasses import fields

from sqlalchemy import select

from mainspring.core.audit.models import AuditEntry
from mainspring.core.database import Listing, bind

from .rows import AuditRow

TRAIL = Listing(
    select(*(getattr(AuditEntry, field.name) for field in fields(AuditRow))),
    AuditRow,
    filters={
        "resource": AuditEntry.resource == bind("resource", AuditEntry.resource),
        "resource_id": AuditEntry.resource_id == bind("resource_id", AuditEntry.resource_id),
        "user_id": AuditEntry.user_id == bind("user_id", AuditEntry.user_id),
        "action": AuditEntry.action == bind("action", AuditEntry.action),
        "since": AuditEntry.created_at >= bind("since", AuditEntry.created_at),
        "until": AuditEntry.created_at < bind("until", AuditEntry.created_at),
    },
    sorts={"createdAt": AuditEntry.created_at},
    default="-createdAt",
    key=AuditEntry.id,
)
