"""Credits: what users hold, send to each other and are given, in a ledger of double entries."""

from mainspring.core.module import Module

MODULE = Module(
    "credits", __package__, requires=("users",), personal_data="service:personal_data", invariants="service:invariants"
)
