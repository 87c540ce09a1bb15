"""Which columns a constraint or index is about, looked up by its name among our tables."""

from sqlalchemy import CheckConstraint
from sqlalchemy.sql.visitors import iterate

from .model import Model


def columns_of(name: str) -> list[str]:
    """The column names of the constraint or index; empty when it is not known. Ownership and tenant columns stay in."""
    for table in Model.metadata.tables.values():
        for index in table.indexes:
            if index.name == name:
                return [column.name for column in index.columns]
        for constraint in table.constraints:
            if constraint.name == name:
                if isinstance(constraint, CheckConstraint) and not constraint.columns:
                    return _mentioned(constraint, set(table.c.keys()))
                return [column.name for column in getattr(constraint, "columns", ())]
    return []


def _mentioned(constraint: CheckConstraint, names: set[str]) -> list[str]:
    """The columns in the text of a check."""
    words = {word for part in iterate(constraint.sqltext) for word in str(part).replace("(", " ").replace(")", " ").split()}
    return sorted(words & names)
