"""A column's value as the database keeps it, before anybody understands it: for those who must notice every changed byte."""

from typing import Any

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import NullType


class AsStored(ColumnElement[Any]):
    """On PostgreSQL its text. On SQLite its bytes, which need not be valid UTF-8, and for a BLOB its digits as text."""

    inherit_cache = False
    type = NullType()

    def __init__(self, column: "ColumnElement[Any] | InstrumentedAttribute[Any]", name: str) -> None:
        self.column: Any = column  # Any: an attribute of a model, or a column
        self.key = name


@compiles(AsStored)
def _as_stored(element: AsStored, compiler: SQLCompiler, **options: Any) -> str:
    column = compiler.process(element.column.__clause_element__(), **options)
    if compiler.dialect.name == "sqlite":
        return f"CASE typeof({column}) WHEN 'blob' THEN hex({column}) ELSE CAST({column} AS BLOB) END"
    return f"CAST({column} AS TEXT)"
