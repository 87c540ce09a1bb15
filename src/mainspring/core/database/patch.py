"""Changes of some columns: only those that the caller sends, so that two people who change different things both win."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy import Update
from sqlalchemy.sql.elements import ColumnElement

from .compiling import Compiled, compiled_for
from .shapes import Family
from .statement import bind

if TYPE_CHECKING:
    from .compiling import DialectName

R = TypeVar("R")


class Patch(Family, Generic[R]):
    """An UPDATE of any of `columns`, answering the changed row, or None when no row fits.

    `sql` is `update_of(Table).where(...)`. `conditions` are added when their value is given: `If-Match` is
    `{"version": Table.version == bind("version", Table.version)}`. Raises TypeError for a column the table has not.
    """

    def __init__(
        self, sql: Update, columns: Sequence[str], row: type[R], *, conditions: Mapping[str, ColumnElement[bool]] | None = None
    ) -> None:
        super().__init__()
        self.sql, self.columns, self.row, self.conditions = sql, frozenset(columns), row, dict(conditions or {})
        table: Any = sql.table  # Any: SQLAlchemy types it for joins too
        self.table = table
        missing = self.columns - set(table.c.keys())
        if missing or not is_dataclass(row):
            raise TypeError(f"{table.name} has no column {', '.join(sorted(missing))}" if missing else "a row is needed")

    def shape(self, dialect: "DialectName", changed: tuple[str, ...], conditions: tuple[str, ...]) -> Compiled[R]:
        """The statement that sets these columns; the new value of `name` is the parameter `new_name`."""

        def make() -> Compiled[R]:
            table = self.table
            sql = self.sql.values({name: bind(f"new_{name}", table.c[name]) for name in changed}) if changed else self.sql
            sql = sql.where(*(self.conditions[name] for name in conditions))
            wanted = [table.c[field.name] for field in fields(self.row)]  # type: ignore[arg-type]  # checked above
            return compiled_for(sql.returning(*wanted), self.row, dialect)

        return self.remembered((dialect, changed, conditions), make)

    def prepared(
        self, dialect: "DialectName", changes: Mapping[str, Any], params: Mapping[str, Any]
    ) -> tuple[Compiled[R], dict[str, Any]]:
        """The statement for these changes and its parameters. Raises TypeError for a column that may not be changed."""
        unknown = changes.keys() - self.columns
        if unknown:
            raise TypeError(f"the patch does not change {', '.join(sorted(unknown))}")
        asked = tuple(sorted(name for name in self.conditions if params.get(name) is not None))
        values = {name: value for name, value in params.items() if name not in self.conditions or name in asked}
        values |= {f"new_{name}": value for name, value in changes.items()}
        return self.shape(dialect, tuple(sorted(changes)), asked), values

    def every_shape(self, dialect: "DialectName") -> Iterator[Compiled[Any]]:
        """Each column alone and all together, without and with the conditions."""
        for conditions in {(), tuple(sorted(self.conditions))}:
            for changed in {tuple(sorted(self.columns)), *((name,) for name in self.columns)}:
                yield self.shape(dialect, changed, conditions)
