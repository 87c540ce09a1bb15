"""SQLAlchemy statements turned into SQL text, an argument function and a row builder. All use of SQLAlchemy's internals is here.

The two functions are written as source and compiled once per statement, so that a call does no look-up that could have been
done before it (docs/decisions: statements on the driver).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, Generic, Literal, TypeVar, cast

import orjson
from sqlalchemy import ARRAY, JSON, BigInteger, Boolean, Integer, LargeBinary, Select, String, Text, TypeDecorator, Uuid
from sqlalchemy import Enum as EnumType
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.dialects.sqlite.pysqlite import dialect as sqlite_dialect
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import visitors
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.elements import BindParameter, ColumnElement
from sqlalchemy.types import NullType, TypeEngine

from .. import clock, ids
from .building import extra_reader, row_builder
from .types import Json, UtcDateTime, json_text, utc_text

R = TypeVar("R")
DialectName = Literal["sqlite", "postgresql"]


class Made:
    """A value that is made when the statement runs, unless the caller gives one."""

    def __init__(self, source: str) -> None:
        self.source = source


REQUIRED = object()  # the value of a parameter that only the caller can give
AUTOMATIC: Mapping[str, Any] = {"id": Made("new_id()"), "created_at": Made("now"), "updated_at": Made("now"), "version": 1}


class ListOf(TypeDecorator[Any]):
    """A list of values of one type, as JSON text for SQLite's `json_each`."""

    impl = Text
    cache_ok = True

    def __init__(self, item: TypeEngine[Any]) -> None:
        super().__init__()
        self.item = item


class AnyOf(ColumnElement[bool]):
    """`column = ANY (list)` on PostgreSQL, `column IN (SELECT value FROM json_each(list))` on SQLite."""

    inherit_cache = False
    type = Boolean()
    _is_implicitly_boolean = True  # else SQLite gets `(column IN (...)) = 1`, and no index is used

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        self.column, self.name = column, name

    def self_group(self, against: object = None) -> "AnyOf":
        """Itself: SQLAlchemy would write `... = 1` around it on SQLite, which no index answers."""
        return self


@compiles(AnyOf)
def _any_of(element: AnyOf, compiler: SQLCompiler, **options: Any) -> str:
    column = compiler.process(element.column, **options)
    if compiler.dialect.name == "sqlite":
        values = compiler.process(BindParameter(element.name, value=REQUIRED, type_=ListOf(element.column.type)), **options)
        return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608  both parts are compiled by SQLAlchemy
    item = element.column.type.load_dialect_impl(compiler.dialect) if isinstance(element.column.type, TypeDecorator) else None
    values = compiler.process(
        BindParameter(element.name, value=REQUIRED, type_=ARRAY(item or element.column.type)),
        **options,
    )
    return f"{column} = ANY ({values})"


class Compiled(Generic[R]):
    """A statement for one dialect. `arguments(params)` gives the driver's tuple, `rows(raw)` the typed rows, `extra_of(raw_row)`
    what the statement selects behind them. `name` is what it is called in figures, `place` where they
    are kept, negative before the first."""

    __slots__ = ("arguments", "extra_of", "name", "place", "returns_rows", "rows", "slow", "sql", "writes")

    def __init__(
        self,
        sql: str,
        arguments: Callable[[Mapping[str, Any]], tuple[Any, ...]],
        rows: Callable[[Sequence[Any]], list[R]],
        *,
        returns_rows: bool,
        writes: bool,
        slow: bool,
        extra_of: Callable[[Any], tuple[Any, ...]],
    ) -> None:
        self.sql, self.arguments, self.rows = sql, arguments, rows
        self.returns_rows, self.writes, self.slow, self.extra_of = returns_rows, writes, slow, extra_of
        self.name, self.place = "statement", -1


def compiled_for(
    sql: Executable, row: type[R] | None, name: DialectName, *, slow: bool = False, extra: int = 0, also: Sequence[int] = ()
) -> Compiled[R]:
    """Compile the statement. The last `extra` columns stay out of the rows; `extra_of` reads them, or the columns `also`.

    Raises TypeError when rows and columns differ.
    """
    dialect = dialect_named(name)
    if row is not None and is_dataclass(row) and isinstance(sql, Select) and not extra:
        sql = narrowed(sql, row)
    compiled = cast(SQLCompiler, _inlined(sql).compile(dialect=dialect, compile_kwargs={"render_postcompile": True}))
    columns = [(column.keyname, _reader(column.type, dialect)) for column in compiled._result_columns]
    shown = columns[: len(columns) - extra] if extra else columns
    return Compiled(
        str(compiled),
        _argument_function(compiled, dialect),
        row_builder(row, shown, extra),
        returns_rows=bool(columns),
        writes=isinstance(sql, UpdateBase) or getattr(sql, "_for_update_arg", None) is not None,
        slow=slow,
        extra_of=extra_reader([(place, columns[place][1]) for place in also or range(len(shown), len(columns))]),
    )


@cache
def dialect_named(name: DialectName) -> Dialect:
    """The SQLAlchemy dialect that statements are compiled for."""
    return sqlite_dialect(paramstyle="qmark") if name == "sqlite" else asyncpg_dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's dialects are untyped


def narrowed(sql: Select[*tuple[Any, ...]], row: type[Any]) -> Select[*tuple[Any, ...]]:
    """`select(Order)` fetches only what the row holds."""
    if sql._distinct or sql._group_by_clauses:
        return sql
    offered = {column.key: column for column in sql.selected_columns}
    wanted = [field.name for field in fields(row)]
    if len(offered) == len(wanted) or not set(wanted) <= offered.keys():
        return sql
    return sql.with_only_columns(*(offered[name] for name in wanted), maintain_column_froms=True)


def parameters_in(condition: ColumnElement[Any]) -> set[str]:
    """The names of the parameters in a condition."""
    found = {part.name for part in visitors.iterate(condition) if isinstance(part, AnyOf)}
    return found | {
        part.key for part in visitors.iterate(condition) if isinstance(part, BindParameter) and part.value is REQUIRED
    }


def _inlined(sql: Executable) -> Any:
    """Write constants into the text: the planner sees them, and partial indexes match."""

    def inline(parameter: BindParameter[Any]) -> None:
        values = parameter.value if isinstance(parameter.value, list | tuple) else (parameter.value,)  # a list stands in `in_`
        if parameter.unique and all(isinstance(value, str | int) for value in values):
            parameter.literal_execute = True

    return visitors.cloned_traverse(cast(Any, sql), {}, {"bindparam": inline})


def _argument_function(compiled: SQLCompiler, dialect: Dialect) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """Source of a function from parameters to the driver's arguments; names are checked in both directions."""
    scope: dict[str, Any] = {"clock": clock, "new_id": ids.new}
    required: dict[str, None] = {}
    optional: dict[str, None] = {}
    parts: list[str] = []
    for name in compiled.positiontup or []:
        parameter = compiled.binds[name]
        key = parameter.key
        writer = _writer(parameter.type, dialect)
        if isinstance(parameter.value, Made):
            optional[key] = None
            source = f"(params[{key!r}] if {key!r} in params else {parameter.value.source})"
        elif parameter.value is REQUIRED or parameter.required:
            required[key] = None
            source = f"params[{key!r}]"
        elif not parameter.unique and key in AUTOMATIC:
            optional[key] = None
            source = f"params.get({key!r}, {parameter.value!r})"
        else:
            scope[f"constant_{len(parts)}"] = parameter.value
            source = f"constant_{len(parts)}"
        if writer is not None:
            scope[f"write_{len(parts)}"] = writer
            source = f"(None if (value := {source}) is None else write_{len(parts)}(value))"
        parts.append(source)
    scope.update(required=frozenset(required), optional=frozenset(optional), wrong=_wrong_names)
    lines = ["def arguments(params):"]
    if optional:
        lines.append("    if not (required <= params.keys() <= every): raise wrong(params, required, optional)")
        scope["every"] = scope["required"] | scope["optional"]
    else:
        lines.append(f"    if len(params) != {len(required)}: raise wrong(params, required, optional)")
    if any("now" in part for part in parts):
        lines.append("    now = clock.now()")
    lines += ["    try:", f"        return ({''.join(part + ', ' for part in parts)})"]
    lines += ["    except KeyError as error:", "        raise (wrong(params, required, optional) or error) from None"]
    exec("\n".join(lines), scope)  # noqa: S102  the text is ours: names are checked identifiers, values stay in the scope
    return cast("Callable[[Mapping[str, Any]], tuple[Any, ...]]", scope["arguments"])


def _wrong_names(params: Mapping[str, Any], required: frozenset[str], optional: frozenset[str]) -> TypeError | None:
    missing, unknown = required - params.keys(), params.keys() - required - optional
    if not missing and not unknown:
        return None
    told = [f"misses {', '.join(sorted(missing))}"] if missing else []
    told += [f"does not know {', '.join(sorted(unknown))}"] if unknown else []
    return TypeError(f"the statement {' and '.join(told)}")


def _aware(moment: Any) -> Any:
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone; take it from clock.now()")
    return moment


def _hexadecimal(value: Any) -> str:
    return cast(str, value.hex)


def _writer(kind: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    """What turns a Python value into the driver's; None when the driver takes it as it is."""
    lite = dialect.name == "sqlite"
    if isinstance(kind, ListOf):
        item = _writer(kind.item, dialect)
        return lambda values: json_text([item(value) for value in values] if item else list(values))
    if isinstance(kind, ARRAY):
        item = _writer(kind.item_type, dialect)
        return (lambda values: [item(value) for value in values]) if item else list
    if isinstance(kind, UtcDateTime):
        return utc_text if lite else _aware
    if isinstance(kind, Uuid):
        return _hexadecimal if lite else None
    if isinstance(kind, Json | JSON):
        return json_text if lite else None
    if isinstance(kind, EnumType):
        return kind._valid_lookup.__getitem__
    if isinstance(kind, BigInteger | Integer | String | Boolean | LargeBinary | NullType):
        return None
    return kind._cached_bind_processor(dialect)


def _reader(kind: TypeEngine[Any], dialect: Dialect) -> Any:
    """What turns the driver's value into Python's: a callable, the word `uuid`, or None."""
    lite = dialect.name == "sqlite"
    if isinstance(kind, UtcDateTime):
        return "moment" if lite else None
    if isinstance(kind, Uuid):
        return "uuid" if lite else None
    if isinstance(kind, Json | JSON):
        return orjson.loads if lite else None
    if isinstance(kind, EnumType):
        return kind._object_lookup.__getitem__
    if isinstance(kind, Boolean) and lite:
        return bool
    if isinstance(kind, LargeBinary | NullType) or (isinstance(kind, Boolean) and not lite):
        return None
    return kind._cached_result_processor(dialect, None)
