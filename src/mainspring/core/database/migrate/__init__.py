"""Migrations: one line of versions per module, core's own first (ARCHITECTURE 8 and 10 k)."""

from .migrations import MigrationFailed, Migrations, State

__all__ = ["MigrationFailed", "Migrations", "State"]
