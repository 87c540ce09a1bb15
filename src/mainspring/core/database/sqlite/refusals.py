"""What SQLite refuses, told as errors of ours (R-156)."""

import sqlite3
from typing import Any, cast

from ...errors import Invalid
from ..constraints import columns_of
from ..errors import DatabaseUnavailable, DuplicateValue, RuleBroken, StillReferenced, fields_of

BUSY = frozenset({"SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_PROTOCOL"})


def refusal(error: Any) -> Exception:
    """The error of ours that stands for SQLite's; the same error when it is a bug."""
    name = getattr(error, "sqlite_errorname", "") or ""
    if name in {"SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_ROWID"}:
        return DuplicateValue(details=fields_of(_named(error), "duplicate", "This value exists already."))
    if name == "SQLITE_CONSTRAINT_FOREIGNKEY":
        return StillReferenced()
    if name == "SQLITE_CONSTRAINT_NOTNULL":
        return RuleBroken(details=fields_of(_named(error), "required", "This is required."))
    if name.startswith("SQLITE_CONSTRAINT"):
        return RuleBroken(details=fields_of(_named(error), "rule", "This value breaks a rule."))
    if any(name == busy or name.startswith(f"{busy}_") for busy in BUSY):
        return DatabaseUnavailable()
    if isinstance(error, OverflowError | sqlite3.DataError) or name == "SQLITE_TOOBIG":
        return Invalid("A value is too large.")
    return cast(Exception, error)


def _named(error: Any) -> list[str]:
    """The columns in `UNIQUE constraint failed: users.email`, or those of the constraint or index that is named."""
    told = str(error).partition("failed: ")[2]
    if told.startswith("index '"):
        return columns_of(told.removeprefix("index '").rstrip("'"))
    if "." not in told:
        return columns_of(told)
    return [part.strip().rpartition(".")[2] for part in told.split(",")]
