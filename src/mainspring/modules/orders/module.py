"""The declaration of orders."""

from mainspring.core.module import Module

MODULE = Module(
    "orders",
    __package__,
    requires=("users", "catalog", "inventory", "payments", "notifications"),
    owners={"order": "service.reading:owner_of"},
    personal_data="service.reading:personal_data",
)
