"""What events need done in the background."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete

from .. import clock
from ..database.statement import Statement, bind
from ..database.unit_of_work import UnitOfWork
from ..jobs.control import GiveUp
from ..jobs.declaring import cron, job
from .catalogue import EventCatalogue
from .cloud import Told, decoded
from .models import STREAMS

KEPT = timedelta(days=7)

PRUNE: Statement[None] = Statement(delete(STREAMS).where(STREAMS.c.updated_at < bind("before", STREAMS.c.updated_at)))


@job(queue="upkeep")
@cron("41 3 * * *")
async def prune_streams(uow: UnitOfWork) -> None:
    """Forget the streams of things that nothing happened to for a week; a new number is larger than every old one."""
    await uow.run(PRUNE, before=clock.now() - KEPT)


@dataclass(frozen=True, slots=True)
class AcceptOutside:
    """A message of another program that could not be published when it arrived; `text` is one that could not be read at all."""

    source: str
    id: str
    name: str
    data_version: int
    data: dict[str, Any]
    text: str | None = None


@job(queue="upkeep")
async def accept_outside(uow: UnitOfWork, order: AcceptOutside) -> None:
    """Publish it after all: it waits for a newer release, or is dead until somebody retries it."""
    if order.text is not None:
        raise GiveUp(f"the message {order.id} from {order.source} is no event that can be read")
    told = Told(order.source, order.id, order.name, order.data_version, order.data)
    uow.publish(decoded(uow.port(EventCatalogue), told))
