"""What the depot does."""

from mainspring.core.database import UnitOfWork
from mainspring.core.events import subscribe
from tests.integration.core.events.mailroom.subscribers import mark

from .events import LetterHeard


@subscribe(LetterHeard)
async def collect(uow: UnitOfWork, heard: LetterHeard) -> None:
    await mark(uow, "collect", f"{heard.box} {heard.number}")
