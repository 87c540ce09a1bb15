"""Facts of the catalog; each leaves an audit record (R-117)."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from mainspring.core.events import AuditedFact


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductEvent(AuditedFact, resource="product"):
    """Something happened to a product: `changed` holds new values at creation, `[old, new]` pairs at a change."""

    id: UUID
    changed: dict[str, Any]


class ProductCreated(ProductEvent, action="CREATE"):
    """A product was created."""


class ProductUpdated(ProductEvent, action="UPDATE"):
    """A product was changed."""


class ProductDeleted(ProductEvent, action="DELETE"):
    """A product was deleted."""
