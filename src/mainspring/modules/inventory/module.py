"""Stock: adjustments with a reason, and reservations that end by themselves."""

from mainspring.core.module import Module

MODULE = Module("inventory", __package__, requires=("catalog",))
