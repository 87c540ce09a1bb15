"""Old history goes, a bounded number of rows at a time."""

from sqlalchemy import BigInteger, delete, select

from .. import clock
from ..database.statement import Statement, bind
from ..database.unit_of_work import UnitOfWork
from .models import Job

PRUNED_AT_ONCE = 1000

_OLD = (
    select(Job.id)
    .where(Job.expires_at.is_not(None), Job.expires_at <= bind("now", Job.expires_at))
    .order_by(Job.expires_at)
    .limit(bind("limit", BigInteger))
)
PRUNE: Statement[None] = Statement(delete(Job).where(Job.id.in_(_OLD)), slow=True)


async def prune(uow: UnitOfWork, most: int) -> int:
    """Remove at most so many rows whose history has ended; how many went."""
    return await uow.run(PRUNE, now=clock.now(), limit=most)
