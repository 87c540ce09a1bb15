"""A name that one process at a time holds, for work that should not be done twice at once.

Nobody's clock is believed: a holder is gone when its beat has not changed for the length of the lease on the clock of the one who
looks. One that was only paused may wake up beside its successor, so what it does must bear being done twice.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import delete, select

from .. import clock, ids
from ..database.statement import Statement, bind, insert_into, update_of
from .models import HeldName

if TYPE_CHECKING:
    from ..database import Database

LEASE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Held:
    """Who holds a name, and how often it has said so."""

    holder: UUID
    beat: int


_name = HeldName.name == bind("name", HeldName.name)
_held = (_name, HeldName.holder == bind("holder", HeldName.holder))

FOUND = Statement(select(HeldName).where(_name), Held)
TAKE: Statement[None] = Statement(
    insert_into(HeldName, "name", "holder", "beat").on_conflict_do_nothing(index_elements=[HeldName.name])
)
BEAT: Statement[None] = Statement(update_of(HeldName).where(*_held).values(beat=HeldName.beat + 1))
INHERIT: Statement[None] = Statement(
    update_of(HeldName)
    .where(*_held, HeldName.beat == bind("beat", HeldName.beat))
    .values(holder=bind("heir", HeldName.holder), beat=HeldName.beat + 1)
)
LET_GO: Statement[None] = Statement(delete(HeldName).where(*_held))


class Lease:
    """Asks for one name, again and again: whoever holds it must ask every few seconds to keep it."""

    def __init__(self, database: "Database", name: str, seconds: float | None = None) -> None:
        self.database, self.name, self.seconds = database, name, LEASE_SECONDS if seconds is None else seconds
        self.holder = ids.new()
        self._seen: Held | None = None
        self._since = 0.0

    async def hold(self) -> bool:
        """Whether this process holds the name now. Raises DatabaseUnavailable."""
        async with self.database.unit() as uow:
            if await uow.run(BEAT, name=self.name, holder=self.holder):
                return True
            found = await uow.one(FOUND, name=self.name)
            if found is None:
                return bool(await uow.run(TAKE, name=self.name, holder=self.holder, beat=1))
            if found != self._seen:
                self._seen, self._since = found, clock.monotonic()
                return False
            if clock.monotonic() - self._since < self.seconds:
                return False
            heir = {"name": self.name, "holder": found.holder, "beat": found.beat, "heir": self.holder}
            return bool(await uow.run(INHERIT, **heir))

    async def let_go(self) -> None:
        """Leave the name to the next who asks."""
        async with self.database.unit() as uow:
            await uow.run(LET_GO, name=self.name, holder=self.holder)
