"""Lists with filters and an order: by page with a total, or by slice with positions (keyset), which stays fast at any depth."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum as PythonEnum
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import BigInteger, Select, func, literal_column, select, tuple_
from sqlalchemy import Enum as EnumType
from sqlalchemy.sql.elements import ColumnElement

from ..errors import Invalid
from .compiling import Compiled, compiled_for, narrowed, parameters_in
from .shapes import Family
from .statement import bind
from .types import UtcDateTime

if TYPE_CHECKING:
    from .compiling import DialectName

R = TypeVar("R")
PLAIN = frozenset((str, int, float, bool))
# PostgreSQL plans a statement anew each time while its LIMIT is a parameter, because the general plan guesses a tenth of the
# table: 60 us of a list of 20. A written limit is planned once; only the usual ones are, so that shapes stay few.
WRITTEN_LIMITS = frozenset((10, 20, 50, 100))
Position = tuple[str | int | float | bool, ...]


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """Rows of one page, and how many there are in all."""

    rows: list[R]
    page: int
    limit: int
    total: int

    @property
    def pages(self) -> int:
        """The number of pages; 0 for an empty list."""
        return -(-self.total // self.limit)


@dataclass(frozen=True, slots=True)
class Slice(Generic[R]):
    """Rows between two positions in the order `sort`. A position is plain values; whoever hands it out signs it."""

    rows: list[R]
    limit: int
    sort: str
    next: Position | None
    prev: Position | None


class Listing(Family, Generic[R]):
    """A list that callers may filter and sort, by the names given here and no others.

    Each filter has one parameter, which takes the filter's value. Every sort is made total by `key`. A sorted column must not
    be nullable, because NULL has no position; wrap it in `func.coalesce`. Raises TypeError when a part does not fit.
    """

    def __init__(
        self,
        sql: Select[*tuple[Any, ...]],
        row: type[R],
        *,
        sorts: Mapping[str, Any],
        default: str,
        key: Any,
        filters: Mapping[str, ColumnElement[bool]] | None = None,
    ) -> None:
        super().__init__()
        self.sql, self.row, self.sorts, self.default, self.key = narrowed(sql, row), row, dict(sorts), default, key
        self.filters = dict(filters or {})
        self._parameters = {name: _only_parameter(name, condition) for name, condition in self.filters.items()}
        for name, column in self.sorts.items():
            if getattr(column, "nullable", False):
                raise TypeError(f"the sort {name} is nullable: wrap it in func.coalesce")
        self.order(default)

    def order(self, sort: str | None) -> tuple[str, bool]:
        """The sort's name and whether it descends. Raises Invalid for one that is not offered."""
        sort = sort or self.default
        name = sort.removeprefix("-")
        if name not in self.sorts:
            raise Invalid(details=[{"field": "sort", "message": "This order is not offered.", "code": "unknown_sort"}])
        return name, sort.startswith("-")

    def values_of(self, filters: Mapping[str, Any] | None) -> tuple[tuple[str, ...], dict[str, Any]]:
        """The filters that are set, and their parameters. Raises Invalid for one that is not offered."""
        if not filters:
            return (), {}
        names = tuple(sorted(name for name, value in filters.items() if value is not None))
        for name in names:
            if name not in self.filters:
                raise Invalid(details=[{"field": name, "message": "This filter is not offered.", "code": "unknown_filter"}])
        return names, {self._parameters[name]: filters[name] for name in names}

    def page_shape(
        self, dialect: "DialectName", names: tuple[str, ...], order: tuple[str, bool], first: int | None = None
    ) -> Compiled[R]:
        """Rows of a page with the total in every row; takes `limit` and `offset`, or is the page of the `first` so many."""

        def make() -> Compiled[R]:
            filtered = self._filtered(names)
            ordered = filtered.order_by(*self._order_by(order))
            counted = ordered.add_columns(self._count(filtered).scalar_subquery().label("total_"))
            limited = counted.limit(_limit(first))
            return compiled_for(limited if first else limited.offset(bind("offset", BigInteger)), self.row, dialect, extra=1)

        return self.remembered((dialect, "page", names, order, first), make)

    def count_shape(self, dialect: "DialectName", names: tuple[str, ...]) -> Compiled[int]:
        """The number of rows."""
        return self.remembered((dialect, "count", names), lambda: compiled_for(self._count(self._filtered(names)), int, dialect))

    def slice_shape(
        self,
        dialect: "DialectName",
        names: tuple[str, ...],
        order: tuple[str, bool],
        direction: str | None,
        most: int | None = None,
    ) -> Compiled[R]:
        """Rows behind a position (`next`), in front of it (`prev`, nearest first) or from the start, with their positions.

        It takes `limit`, unless it is written for at most `most` rows.
        """

        def make() -> Compiled[R]:
            name, descends = order
            value, key = self.sorts[name], self.key
            backwards = direction == "prev"
            sql = self._filtered(names).order_by(*self._order_by((name, descends != backwards)))
            if direction:
                here, there = tuple_(value, key), tuple_(bind("position_value", value), bind("position_key", key))
                sql = sql.where(here < there if descends != backwards else here > there)
            limited = sql.limit(_limit(most))
            places = self._places(value, key)
            if places:
                return compiled_for(limited, self.row, dialect, also=places)
            extra = limited.add_columns(value.label("position_value_"), key.label("position_key_"))
            return compiled_for(extra, self.row, dialect, extra=2)

        return self.remembered((dialect, "slice", names, order, direction, most), make)

    def position(self, direction: str, order: tuple[str, bool], values: tuple[Any, Any]) -> Position:
        """The position of a row as plain values."""
        return (direction, sort_text(order), _plain(values[0]), _plain(values[1]))

    def parameters_of(self, position: Position, order: tuple[str, bool]) -> tuple[str, dict[str, Any]]:
        """The direction and parameters of a position. Raises Invalid when it belongs to another order."""
        try:
            direction, sort, value, key = position
            if direction not in {"next", "prev"} or sort != sort_text(order):
                raise ValueError
            typed = {"position_value": _typed(value, self.sorts[order[0]]), "position_key": _typed(key, self.key)}
        except (ValueError, TypeError) as error:
            told = [{"field": "cursor", "message": "This cursor belongs to another list.", "code": "cursor"}]
            raise Invalid(details=told) from error
        return direction, typed

    def every_shape(self, dialect: "DialectName") -> Iterator[Compiled[Any]]:
        """Each filter alone, all together, and each sort both ways."""
        orders = [(name, descends) for name in self.sorts for descends in (False, True)]
        combinations = {(), *((name,) for name in self.filters), tuple(sorted(self.filters))}
        for names in combinations:
            yield self.count_shape(dialect, names)
            for order in orders:
                for limit in (None, 20):
                    yield self.page_shape(dialect, names, order, limit)
                    for direction in (None, "next", "prev"):
                        yield self.slice_shape(dialect, names, order, direction, limit)

    def _places(self, value: Any, key: Any) -> list[int]:
        """Where among the selected columns the position stands; empty when a part of it is not selected."""
        selected = list(self.sql.selected_columns)
        found = [place for part in (value, key) for place, column in enumerate(selected) if column is part.expression]
        return found if len(found) == 2 else []

    def _filtered(self, names: tuple[str, ...]) -> Select[*tuple[Any, ...]]:
        return self.sql.where(*(self.filters[name] for name in names))

    def _count(self, filtered: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
        return select(func.count()).select_from(filtered.with_only_columns(self.key, maintain_column_froms=True).subquery())

    def _order_by(self, order: tuple[str, bool]) -> list[Any]:
        name, descends = order
        columns = [self.sorts[name]] if self.sorts[name] is self.key else [self.sorts[name], self.key]
        return [column.desc() if descends else column.asc() for column in columns]


def _limit(written: int | None) -> Any:  # Any: SQLAlchemy takes several kinds of expressions here
    return bind("limit", BigInteger) if written is None else literal_column(str(written), BigInteger())


def _only_parameter(name: str, condition: ColumnElement[bool]) -> str:
    found = parameters_in(condition)
    if len(found) != 1:
        raise TypeError(f"the filter {name} must have one parameter, it has {len(found)}")
    return found.pop()


def sort_text(order: tuple[str, bool]) -> str:
    """The order as callers write it."""
    return f"-{order[0]}" if order[1] else order[0]


def _plain(value: Any) -> str | int | float | bool:
    kind = type(value)
    if kind is datetime:
        return value.isoformat()  # type: ignore[no-any-return]  # the kind was checked above
    if kind is UUID:
        return value.hex  # type: ignore[no-any-return]  # the kind was checked above
    if isinstance(value, PythonEnum):
        return value.value  # type: ignore[no-any-return]  # enums of ours hold plain text
    return value if kind in PLAIN else str(value)


def _typed(value: Any, column: Any) -> Any:
    kind = column.type
    if isinstance(kind, UtcDateTime):
        return datetime.fromisoformat(value)
    if isinstance(kind, EnumType) and kind.enum_class is not None:
        return kind.enum_class(value)
    wanted = kind.python_type
    if wanted is UUID:
        return UUID(value)
    if isinstance(value, bool) is not (wanted is bool) or (wanted in {str, int, float, bool} and not isinstance(value, wanted)):
        raise TypeError
    return value if wanted in {str, int, float, bool} else wanted(value)
