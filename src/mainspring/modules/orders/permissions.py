"""Who may place, see, cancel and refund orders. One's own are seen and cancelled without a permission."""

from typing import Annotated

from mainspring.core.security.guard import own_or, require
from mainspring.core.security.permission import Permission
from mainspring.core.security.principal import Principal

PLACE = Permission("orders:place", "Place orders for oneself", roles=("moderator", "user"))
READ = Permission("orders:read", "See the orders of others", roles=("moderator",))
CANCEL = Permission("orders:cancel", "Cancel the orders of others, and at any time")
REFUND = Permission("orders:refund", "Pay back what was paid for an order")

Buyer = Annotated[Principal, require(PLACE, in_person=True)]
Refunder = Annotated[Principal, require(REFUND)]
OrderSeer = Annotated[Principal, own_or(READ, CANCEL, REFUND)]
OrderCanceller = Annotated[Principal, own_or(CANCEL)]
