"""What comes from outside may come twice; its effect comes once."""

from datetime import timedelta

from ..database.unit_of_work import UnitOfWork
from ..security.claim_once import claim_first

PURPOSE = "inbox"
REMEMBERED = timedelta(days=30)


async def arrives_first(uow: UnitOfWork, source: str, id: str, *, subject: str = "", remembered: timedelta = REMEMBERED) -> bool:
    """Whether this message of that source is new, decided in the unit that has its effect; one that rolls back has not seen it.

    It is known for as long as `remembered`, in which the source must have stopped sending it again.
    """
    return await claim_first(uow, PURPOSE, f"{source}\n{id}", subject[:255], remembered)
