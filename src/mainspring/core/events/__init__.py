"""Facts that modules publish, and who does something when they happen (R-040, R-293; docs/guides/events.md)."""

from .audited import AuditedFact
from .delivery import Delivery
from .event import Event
from .inbox import arrives_first
from .subscribing import subscribe

__all__ = ["AuditedFact", "Delivery", "Event", "arrives_first", "subscribe"]
