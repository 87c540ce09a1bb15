"""Tables, statements and the unit of work (ARCHITECTURE 3 and 10)."""

from .database import Database, open_database
from .errors import DatabaseUnavailable, DuplicateValue, RuleBroken, RunAgain, StillReferenced, TookTooLong, UnitBroken
from .listing import Listing, Page, Position, Slice
from .model import Model, SoftDeleted, Timestamps, Versioned
from .options import DatabaseOptions
from .patch import Patch
from .repository import Repository
from .statement import Statement, any_of, bind, insert_into, update_of, upsert
from .types import Json, UtcDateTime
from .unit_of_work import UnitOfWork

__all__ = [
    "Database",
    "DatabaseOptions",
    "DatabaseUnavailable",
    "DuplicateValue",
    "Json",
    "Listing",
    "Model",
    "Page",
    "Patch",
    "Position",
    "Repository",
    "RuleBroken",
    "RunAgain",
    "Slice",
    "SoftDeleted",
    "Statement",
    "StillReferenced",
    "Timestamps",
    "TookTooLong",
    "UnitBroken",
    "UnitOfWork",
    "UtcDateTime",
    "Versioned",
    "any_of",
    "bind",
    "insert_into",
    "open_database",
    "update_of",
    "upsert",
]
