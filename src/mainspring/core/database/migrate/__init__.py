"""Migrations: one line of versions per module, core's own first (ARCHITECTURE 8 and 10 k)."""

from .migrations import MigrationFailed, Migrations, State
from .pending import bring_up_to_date

__all__ = ["MigrationFailed", "Migrations", "State", "bring_up_to_date"]
