"""Statements: written once at the top of a repository, compiled once per dialect, run on the driver (ARCHITECTURE 10 c)."""

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast
from weakref import WeakSet

from sqlalchemy import BindParameter, Table, Update, bindparam
from sqlalchemy import update as sql_update
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.dialects.postgresql import insert as sql_insert
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import NullType, TypeEngine

from .compiling import AUTOMATIC, REQUIRED, AnyOf, Compiled, compiled_for
from .naming import Place

if TYPE_CHECKING:
    from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute

    from .compiling import DialectName

R = TypeVar("R")
NAMES_NOT_TO_BIND = frozenset({"self", "statement"})

_registered: "WeakSet[Statement[Any]]" = WeakSet()


class Statement(Generic[R]):
    """SQL with typed parameters and the rows it answers.

    `row` is a dataclass whose fields are found among the columns by name, or a plain type for a single column. `slow` runs
    it on a thread on SQLite (exports, searches, long counts), so that the event loop goes on. `only` names the one database
    that understands it: questions about the database itself.
    """

    __slots__ = ("__weakref__", "only", "place", "postgresql", "row", "slow", "sql", "sqlite")

    def __init__(
        self, sql: Executable, row: type[R] | None = None, *, slow: bool = False, only: "DialectName | None" = None
    ) -> None:
        self.sql, self.row, self.slow, self.only = sql, row, slow, only
        self.sqlite: Compiled[R] | None = None
        self.postgresql: Compiled[R] | None = None
        self.place = Place(self, sys._getframe(1))
        _registered.add(self)

    def on(self, dialect: "DialectName") -> Compiled[R]:
        """The statement compiled for `sqlite` or `postgresql`."""
        compiled = cast("Compiled[R] | None", getattr(self, dialect))
        if compiled is None:
            compiled = compiled_for(self.sql, self.row, dialect, slow=self.slow)
            compiled.name = self.place.name
            setattr(self, dialect, compiled)
        return compiled


def registered() -> Iterator[Statement[Any]]:
    """Every statement alive in the process, for the tests that prepare and scan them."""
    return iter(list(_registered))


def bind(name: str, column: "ColumnElement[Any] | InstrumentedAttribute[Any] | TypeEngine[Any] | type[TypeEngine[Any]]") -> Any:
    """A parameter with the type of `column`: the only way a value comes into a statement.

    Raises ValueError when the name cannot be a keyword argument, TypeError when the column's type is not known yet: a foreign
    key without a type of its own takes that of a table which need not be imported by now.
    """
    if not name.isidentifier() or name in NAMES_NOT_TO_BIND:
        raise ValueError(f"{name!r} cannot name a parameter")
    if isinstance(column, TypeEngine) or (isinstance(column, type) and issubclass(column, TypeEngine)):
        return bindparam(name, value=REQUIRED, type_=column)
    if isinstance(column.type, NullType):
        raise TypeError(f"{column} has no type yet: name it, as in mapped_column(Uuid(), ForeignKey(...))")
    return bindparam(name, value=REQUIRED, type_=column.type)


def any_of(column: "ColumnElement[Any] | InstrumentedAttribute[Any]", name: str) -> ColumnElement[bool]:
    """Whether the column is among the values of the list `name`; one statement for lists of any length."""
    bind(name, column)
    return AnyOf(cast("ColumnElement[Any]", column), name)


def insert_into(table: "type[DeclarativeBase] | Table", *columns: str) -> Insert:
    """An INSERT that takes each column as a parameter of its name.

    `id`, `created_at`, `updated_at` and `version` are made when it runs, unless the caller gives them. Without `columns` it
    takes every column that has no server default and is not `deleted_at`. Chain `.returning(...)`,
    `.on_conflict_do_nothing(...)` or `.values(...)`; both databases understand them.
    """
    target = _table(table)
    unknown = set(columns) - set(target.c.keys())
    if unknown:
        raise ValueError(f"{target.name} has no column {', '.join(sorted(unknown))}")
    values: dict[str, Any] = {}
    for column in target.columns:
        if column.key in AUTOMATIC:
            values[column.key] = _automatic(column.key, column)
        elif column.key in columns or (not columns and column.server_default is None and column.key != "deleted_at"):
            values[column.key] = bind(column.key, column)
    return sql_insert(target).values(values)


def update_of(table: "type[DeclarativeBase] | Table") -> Update:
    """An UPDATE that moves `updated_at` and counts `version` up. Chain `.where(...)` and `.values(...)`."""
    target = _table(table)
    values: dict[str, Any] = {}
    if "updated_at" in target.c:
        values["updated_at"] = _automatic("updated_at", target.c.updated_at)
    if "version" in target.c:
        values["version"] = target.c.version + 1
    statement = sql_update(target)
    return statement.values(values) if values else statement


def upsert(table: "type[DeclarativeBase] | Table", *columns: str, keys: Sequence[str], change: Sequence[str]) -> Insert:
    """An INSERT that changes the columns `change` (and `updated_at`, `version`) where a row with the same `keys` exists."""
    target = _table(table)
    statement = insert_into(table, *columns)
    changes: dict[str, Any] = {name: statement.excluded[name] for name in change}
    if "updated_at" in target.c:
        changes["updated_at"] = statement.excluded["updated_at"]
    if "version" in target.c:
        changes["version"] = target.c.version + 1
    return statement.on_conflict_do_update(index_elements=[target.c[key] for key in keys], set_=changes)


def _table(table: "type[DeclarativeBase] | Table") -> Table:
    return table if isinstance(table, Table) else cast(Table, table.__table__)


def _automatic(name: str, column: ColumnElement[Any]) -> BindParameter[Any]:
    """A parameter that the clock, the ids or a first version fill when the caller does not."""
    return bindparam(name, value=AUTOMATIC[name], type_=column.type, required=False)
