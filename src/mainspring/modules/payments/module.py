"""The declaration of payments."""

from mainspring.core.module import Module

from .ports import PaymentGateway

MODULE = Module(
    "payments",
    __package__,
    provides={PaymentGateway: "service.gateways:payment_gateway"},
    examination="service.examination:examine",
    owners={"payment": "service.payments:owner_of"},
)
