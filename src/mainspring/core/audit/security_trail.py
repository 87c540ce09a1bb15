"""Security events as rows of the trail, so that a flood of them can neither fill the disk nor slow a request (R-187).

Noting one costs a few microseconds. Within a second a row tells of the first of its kind from its place; as long as more follow,
one row a minute tells how many. Each minute has room for 60 kinds and places in a process; whoever comes later is counted with
others of the kind. What is only in memory when a process is killed is in the log.
"""

import asyncio
import contextlib
import contextvars
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from .. import clock, tasks
from ..context import Context, current
from ..database import Database
from ..limits.networks import network_of
from ..observability.logs import get_logger
from ..observability.redaction import redacted
from .record import AuditRecord

SOON_SECONDS = 1.0
MINUTE_SECONDS = 60.0
MOST_KINDS = 60
MOST_VALUES = 5  # of one detail in one row
LONGEST_VALUE = 200
OTHERS = "others"
log = get_logger(__name__)

Key = tuple[str, str, UUID | None, str]


@dataclass(slots=True)
class Tally:
    """Events of one kind from one place since the last row. `due` is when the next row is written."""

    key: Key
    context: Context
    due: float
    count: int = 0
    details: dict[str, list[Any]] = field(default_factory=dict)

    def add(self, details: dict[str, Any]) -> None:
        """One more."""
        self.count += 1
        for name, value in details.items():
            seen = self.details.setdefault(name, [])
            shown = value if isinstance(value, bool | int | None) else str(value)[:LONGEST_VALUE]
            if len(seen) < MOST_VALUES and shown not in seen:
                seen.append(shown)

    def taken(self) -> "Tally":
        """What was counted, for the row; the count begins anew."""
        taken = Tally(self.key, self.context, self.due, self.count, self.details)
        self.count, self.details = 0, {}
        return taken

    def give_back(self, taken: "Tally") -> None:
        """Count on from what could not be written."""
        self.count += taken.count
        self.details = taken.details | self.details

    def record(self) -> AuditRecord:
        """The row."""
        action, about, user_id, _ = self.key
        told = {name: seen[0] if len(seen) == 1 else seen for name, seen in self.details.items()}
        return AuditRecord(action, "security", about or None, {"count": self.count, **told}, user_id=user_id)


class SecurityTrail:
    """One a process."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._tallies: dict[Key, Tally] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None

    def note(self, action: str, about: str = "", /, *, user_id: UUID | None = None, **details: Any) -> None:
        """Count an event of the running work: what happened, and what it is about, both short words of ours."""
        here = _of_work()
        key: Key = (action, about, user_id, network_of(here.address))
        tally = self._tallies.get(key)
        if tally is None and len(self._tallies) >= MOST_KINDS:
            key, here = (action, about, None, OTHERS), Context()
            tally = self._tallies.get(key)
        if tally is None:
            tally = self._tallies[key] = Tally(key, here, clock.monotonic() + SOON_SECONDS)
        tally.add(redacted(details, mask=False))
        if self._timer is None:
            with contextlib.suppress(RuntimeError):  # on a thread there is no loop; the next event or the end of all writes it
                self._timer = asyncio.get_running_loop().call_later(SOON_SECONDS, self._begin)

    async def write(self, *, all: bool = False) -> int:
        """Write what is due, or everything; how many rows."""
        now = clock.monotonic()
        due = [tally for tally in self._tallies.values() if all or tally.due <= now]
        for quiet in (tally for tally in due if not tally.count):
            del self._tallies[quiet.key]
        taken = [(tally, tally.taken()) for tally in due if tally.count]
        if not taken:
            return 0
        try:
            async with self.database.unit(Context(path="security trail")) as uow:
                for _, counted in taken:
                    uow.audit(counted.record(), counted.context)
        except Exception as error:  # whatever it is, the program goes on, or ends in order: every event is in the log
            log.error("security_trail_waits", error=error)
            for tally, counted in taken:
                tally.give_back(counted)
            return 0
        for tally, _ in taken:
            tally.due = now + MINUTE_SECONDS
        return len(taken)

    async def stop(self) -> None:
        """Write what is left."""
        if self._writing is not None:
            await tasks.settled(self._writing)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        await self.write(all=True)

    def _begin(self) -> None:
        self._timer = None
        self._writing = tasks.start(self._write_due(), name="security trail", context=contextvars.Context())

    async def _write_due(self) -> None:
        await self.write()
        if self._tallies and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(SOON_SECONDS, self._begin)


def _of_work() -> Context:
    """What is known of the work under way, in a copy: the request ends before the row is written."""
    here = current()
    return Context(request_id=here.request_id, address=here.address, user_agent=here.user_agent)
