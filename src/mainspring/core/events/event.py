"""A fact in the past, published with `uow.publish` in the transaction that made it true."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from ..audit.record import AuditRecord


@dataclass(frozen=True, eq=False)
class Event:
    """The base of events: subclasses are frozen, slotted dataclasses of plain values and ids.

    What a kind of fact has in common stands in the class line: `class OrderPaid(Event, resource="order", about="order_id")`.
    `about` names the field that says which order; facts about the same one reach each subscriber in the order of their commits.
    With `audited=True` the fact leaves a row in the audit trail: `action` (`CREATE`, `UPDATE`, ...) on `resource`, with
    `resource_id` and what `changes()` tells (R-115, R-117). `version` counts up when fields change; `upgrade` reads older ones.
    `outside="billing.InvoicePaid"` is the name of a fact that another program tells and this one hears from a broker.
    """

    __slots__ = ()

    audited: ClassVar[bool] = False
    action: ClassVar[str] = ""
    resource: ClassVar[str] = ""
    about: ClassVar[str] = "id"
    version: ClassVar[int] = 1
    outside: ClassVar[str] = ""

    def __init_subclass__(
        cls,
        *,
        resource: str | None = None,
        about: str | None = None,
        action: str | None = None,
        audited: bool | None = None,
        version: int | None = None,
        outside: str | None = None,
    ) -> None:
        super().__init_subclass__()
        given: dict[str, object] = {"resource": resource, "about": about, "action": action, "audited": audited}
        given |= {"version": version, "outside": outside}
        for name, value in given.items():
            if value is not None:
                setattr(cls, name, value)

    @classmethod
    def upgrade(cls, version: int, data: dict[str, Any]) -> dict[str, Any]:
        """The fields of today's class, from those that the older `version` wrote. Override it when `version` counts up."""
        return data

    @property
    def resource_id(self) -> UUID | str | None:
        """What the fact is about: the field that `about` names."""
        return getattr(self, self.about, None)

    @property
    def aggregate(self) -> str | None:
        """What keeps facts in order, as `order:<id>`; None for a fact about nothing in particular, which has no order."""
        id = self.resource_id
        return None if id is None or not self.resource else f"{self.resource}:{id}"

    def changes(self) -> Mapping[str, Any] | None:
        """What changed, as JSON values; never secrets."""
        return None

    def record(self) -> AuditRecord:
        """The row in the audit trail."""
        return AuditRecord(self.action, self.resource, self.resource_id, self.changes())
