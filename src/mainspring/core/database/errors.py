"""What a database refuses, told as errors of ours (R-156). Nothing of the database's own text leaves here."""

from ..errors import Conflict, Invalid, Unavailable


class DuplicateValue(Conflict):
    """A unique value exists already (409). `details` names the fields."""

    code, message = "DUPLICATE_VALUE", "This value exists already."


class StillReferenced(Conflict):
    """A foreign key does not allow this (409): the other row is missing, or still in use."""

    code, message = "REFERENCE_CONFLICT", "Something that belongs to this is missing or still in use."


class RuleBroken(Invalid):
    """A check or not-null rule of the table refuses the value (422). `details` names the fields that are known."""

    message = "A value breaks a rule of the table."


class DatabaseUnavailable(Unavailable):
    """The database does not answer, is full, or has no free connection (503)."""

    message = "The database is busy. Try again shortly."


class TookTooLong(DatabaseUnavailable):
    """A statement, or the wait for a lock, took longer than it may (503). The database itself is well."""


class RunAgain(Unavailable):
    """Two transactions were in each other's way (40001, 40P01); the same work may succeed when it is run once more (503)."""

    message = "Somebody changed the same things at the same time. Try again."


class UnitBroken(RuntimeError):
    """A statement ran after another had failed in the same unit. Use `savepoint()` around a statement that may fail."""


def fields_of(names: list[str], code: str, message: str) -> list[dict[str, str]]:
    """The details of an error about columns; names are as the client writes them (camelCase)."""
    return [{"field": _camel(name), "message": message, "code": code} for name in names]


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)
