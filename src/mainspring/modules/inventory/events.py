"""Facts of inventory; each leaves an audit record of its product (R-117)."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from mainspring.core.events import AuditedFact


@dataclass(frozen=True, slots=True, kw_only=True)
class StockAdjusted(AuditedFact, resource="product", action="ADJUST_STOCK"):
    """Stock was added or taken out by hand. `changed` holds the stock as `[old, new]`, and the reason."""

    id: UUID
    changed: dict[str, Any]
