"""The sagas of orders: placing, cancelling, refunding."""

from .cancelling import Cancelling, CancelOrderFlow
from .placing import Outcome, PaymentAnswer, PlaceOrderFlow, tell_payment
from .refunding import RefundOrderFlow
from .under_way import UnderWay, placing_of, refunding_of

__all__ = [
    "CancelOrderFlow",
    "Cancelling",
    "Outcome",
    "PaymentAnswer",
    "PlaceOrderFlow",
    "RefundOrderFlow",
    "UnderWay",
    "placing_of",
    "refunding_of",
    "tell_payment",
]
