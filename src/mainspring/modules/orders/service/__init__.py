"""The rules of orders, one file per deed."""

from .cancelling import CancellingService
from .placing import OrderedLine, PlacingService
from .reading import OrderService
from .refunding import RefundService

__all__ = ["CancellingService", "OrderService", "OrderedLine", "PlacingService", "RefundService"]
