"""A fact in the past, published with `uow.publish` in the transaction that made it true."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from ..audit.record import AuditRecord


class Event:
    """The base of events: subclasses are frozen, slotted dataclasses of plain values and ids.

    With `audited = True` the fact leaves a row in the audit trail: `action` (`CREATE`, `UPDATE`, ...) on `resource`
    (`products`), with `resource_id` and what `changes()` tells (R-115, R-117).
    """

    __slots__ = ()

    audited: ClassVar[bool] = False
    action: ClassVar[str] = ""
    resource: ClassVar[str] = ""

    @property
    def resource_id(self) -> UUID | str | None:
        """What the fact is about; by default the field `id`."""
        return getattr(self, "id", None)

    def changes(self) -> Mapping[str, Any] | None:
        """What changed, as JSON values; never secrets."""
        return None

    def record(self) -> AuditRecord:
        """The row in the audit trail."""
        return AuditRecord(self.action, self.resource, self.resource_id, self.changes())
