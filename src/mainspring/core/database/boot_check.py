"""What no table may have, told at the boot in one sentence (ARCHITECTURE 10 a and c)."""

from collections.abc import Iterable, Iterator

from sqlalchemy import Column, DateTime, Enum, Table

from ..module import BootRefused
from .types import UtcDateTime


def check_tables(tables: Iterable[Table]) -> None:
    """Raises BootRefused for the first table that would behave differently from what its model says."""
    for complaint in complaints(tables):
        raise BootRefused(complaint)


def complaints(tables: Iterable[Table]) -> Iterator[str]:
    """One sentence for each thing that is refused."""
    for table in tables:
        for column in table.columns:
            yield from _about_column(table, column)
        for constraint in table.constraints:
            if getattr(constraint, "deferrable", None) or getattr(constraint, "initially", None):
                yield (
                    f"{table.name}: the constraint {constraint.name} is DEFERRABLE. It would fail at the commit that many"
                    " requests share; let it be checked at once."
                )
            if constraint.dialect_kwargs.get("sqlite_on_conflict"):
                yield f"{table.name}: the constraint {constraint.name} has ON CONFLICT, which would undo other requests' work."


def _about_column(table: Table, column: "Column[object]") -> Iterator[str]:
    where = f"{table.name}.{column.name}"
    if column.default is not None or column.onupdate is not None:
        yield f"{where} has a default or onupdate in Python, which statements never run. Use insert_into and update_of."
    if any(name.startswith("sqlite_on_conflict") and value for name, value in column.dialect_kwargs.items()):
        yield f"{where} has ON CONFLICT, which would undo other requests' work."
    if isinstance(column.type, DateTime) and not isinstance(column.type, UtcDateTime):
        yield f"{where} is a DateTime, which loses its zone on SQLite. Use UtcDateTime."
    if isinstance(column.type, Enum) and column.type.native_enum:
        yield f"{where} is a native enum, which migrations cannot change. Write Mapped[TheEnum], or native_enum=False."
