"""What an event says about itself."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

from mainspring.core.events import AuditedFact, Event

ONE = UUID(int=1)


@dataclass(frozen=True, slots=True)
class OrderEvent(Event, resource="order", about="order_id"):
    order_id: UUID


@dataclass(frozen=True, slots=True)
class OrderPaid(OrderEvent, version=3):
    amount: int


@dataclass(frozen=True, slots=True)
class WeatherChanged(Event):
    degrees: int


@dataclass(frozen=True)
class KeyEvent(AuditedFact, resource="key", about="key_id"):
    key_id: UUID
    owner_name: str
    expires_at: datetime | None = None
    secret: str = field(default="", repr=False)


class KeyMade(KeyEvent, action="CREATE"):
    pass


@dataclass(frozen=True, slots=True)
class OldStyle(Event):
    audited: ClassVar[bool] = True
    action: ClassVar[str] = "DO"
    resource: ClassVar[str] = "thing"

    id: str
    changed: dict[str, Any]

    def changes(self) -> dict[str, Any]:
        return self.changed


def test_the_class_line_says_what_a_fact_is_about() -> None:
    paid = OrderPaid(ONE, 5)

    assert (paid.resource, paid.resource_id, paid.aggregate) == ("order", ONE, f"order:{ONE}")
    assert (OrderEvent.version, OrderPaid.version, paid.audited) == (1, 3, False)


def test_a_fact_about_nothing_in_particular_has_no_aggregate() -> None:
    assert WeatherChanged(20).aggregate is None


def test_an_audited_fact_shows_its_fields_but_no_secret() -> None:
    made = KeyMade(ONE, "Ada", datetime(2026, 1, 1, tzinfo=UTC), "hidden")

    record = made.record()

    assert (record.action, record.resource, record.resource_id) == ("CREATE", "key", ONE)
    assert record.changes == {"ownerName": "Ada", "expiresAt": datetime(2026, 1, 1, tzinfo=UTC)}


def test_constants_in_the_class_body_do_the_same_as_the_class_line() -> None:
    record = OldStyle("x", {"a": [1, 2]}).record()

    assert (record.action, record.resource, record.resource_id, record.changes) == ("DO", "thing", "x", {"a": [1, 2]})
    assert OldStyle("x", {}).aggregate == "thing:x"
