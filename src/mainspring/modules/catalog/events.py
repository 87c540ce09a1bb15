"""Facts of the catalog; each leaves an audit record (R-117)."""

from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from mainspring.core.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductEvent(Event):
    """Something happened to a product."""

    audited: ClassVar[bool] = True
    resource: ClassVar[str] = "product"

    id: UUID
    changed: dict[str, Any]

    def changes(self) -> dict[str, Any]:
        """New values at creation, `[old, new]` pairs at a change."""
        return self.changed


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductCreated(ProductEvent):
    """A product was created."""

    action: ClassVar[str] = "CREATE"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductUpdated(ProductEvent):
    """A product was changed."""

    action: ClassVar[str] = "UPDATE"


@dataclass(frozen=True, slots=True, kw_only=True)
class StockAdjusted(ProductEvent):
    """Stock was added or taken out, with a reason."""

    action: ClassVar[str] = "ADJUST_STOCK"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductDeleted(ProductEvent):
    """A product was deleted."""

    action: ClassVar[str] = "DELETE"
