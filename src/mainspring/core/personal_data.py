"""What modules keep about a person, for that person to take along (GDPR articles 15 and 20).

A module names a function in `Module(personal_data="service:personal_data")`: it takes a reading unit of work and the id of a
user, and answers rows of what it keeps about him, without secrets. Whoever makes the archive asks all of them.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from .database import Listing, UnitOfWork
from .mail.values import plain

if TYPE_CHECKING:
    from .application import Application

R = TypeVar("R")
AT_ONCE = 100
PersonalData = Callable[[UnitOfWork, UUID], Awaitable[Mapping[str, Any]]]


async def collected(application: "Application", user_id: UUID) -> dict[str, Any]:
    """What every module keeps about the user, by the module's name, as plain JSON values."""
    found = {}
    for module in application.modules:
        answer = application.personal_data_of(module)
        if answer is not None:
            async with application.reading(database=module.database) as uow:
                found[module.name] = plain(await answer(uow, user_id))
    return found


async def every_row(uow: UnitOfWork, listing: Listing[R], **filters: Any) -> list[R]:
    """All rows of a listing that fit, a hundred at a time."""
    part = await uow.slice(listing, filters=filters, limit=AT_ONCE)
    rows = list(part.rows)
    while part.next is not None:
        part = await uow.slice(listing, filters=filters, position=part.next, limit=AT_ONCE)
        rows += part.rows
    return rows
