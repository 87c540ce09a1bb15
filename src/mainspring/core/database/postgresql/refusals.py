"""What PostgreSQL and its driver refuse, told as errors of ours (R-156)."""

import asyncio
import re
from typing import Any, cast

import asyncpg
from asyncpg.exceptions._base import DataError as ArgumentError

from ...errors import Invalid
from ..constraints import columns_of
from ..errors import DatabaseUnavailable, DuplicateValue, RuleBroken, RunAgain, StillReferenced, TookTooLong, fields_of

KEY = re.compile(r"Key \((.+?)\)=")
# InternalClientError: the driver has read that the server ends the connection, and not yet seen it closed
FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, asyncio.TimeoutError)
RUN_AGAIN = frozenset({"40001", "40P01"})
UNAVAILABLE_CLASSES = frozenset({"08", "53", "57", "58"})
TOO_LONG = frozenset({"57014", "55P03", "25P03", "25P04"})  # statement, lock, idle in a transaction, transaction


def refusal(error: BaseException) -> BaseException:
    """The error of ours that stands for the driver's; the same error when it is a bug."""
    if isinstance(error, asyncpg.PostgresError):
        return _by_state(error)
    if isinstance(error, ArgumentError):  # the driver cannot put the value into the parameter's type
        return Invalid("A value does not fit.") if "out of range" in str(error) else error
    if isinstance(error, asyncpg.InterfaceError):
        return DatabaseUnavailable() if "closed" in str(error) or "connection" in str(error) else error
    if isinstance(error, OSError | asyncio.TimeoutError | asyncpg.InternalClientError):
        return DatabaseUnavailable()
    return error


def _by_state(error: Any) -> BaseException:
    state: str = error.sqlstate or ""
    if state in {"23505", "23P01"}:
        return DuplicateValue(details=fields_of(_columns(error), "duplicate", "This value exists already."))
    if state == "23503":
        return StillReferenced()
    if state == "23502":
        return RuleBroken(details=fields_of([error.column_name] if error.column_name else [], "required", "This is required."))
    if state == "23514":
        return RuleBroken(details=fields_of(columns_of(error.constraint_name or ""), "rule", "This value breaks a rule."))
    if state in RUN_AGAIN:
        return RunAgain()
    if state in TOO_LONG:
        return TookTooLong()
    if state[:2] in UNAVAILABLE_CLASSES and state != "08P01":
        return DatabaseUnavailable()
    if state[:2] == "22":
        return Invalid("A value does not fit.")
    return cast(BaseException, error)


def _columns(error: Any) -> list[str]:
    known = columns_of(error.constraint_name or "")
    if known:
        return known
    found = KEY.search(error.detail or "")
    return [part.strip() for part in found[1].split(",")] if found else []
