"""Removes old rows of the trail and leaves a chain that can still be checked: it then begins behind a signed place.

The beginning is signed and committed first, so that a process that is killed while rows go leaves nothing that looks like a
hole. What was altered is not removed: whoever changed a row must not have to wait for it to disappear.
"""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

from .. import clock
from ..context import Context
from ..database import Database, UnitOfWork
from ..observability.logs import get_logger
from .findings import name_of
from .record import AuditRecord
from .seals import Seals, Word
from .statements import ADD_WORD, FIRST_SINCE, FORGET_WORD, FORGET_WORDS, HEADS, LOWEST, NEWEST_WORD, REMOVE, WORDS, Head
from .verifying import Verifier

REMOVED_AT_ONCE = 500
KEPT_WHOLE = timedelta(days=1)
log = get_logger(__name__)


class Pruner:
    """Prunes the trail of one database."""

    def __init__(self, database: Database, seals: Seals) -> None:
        self.database, self.seals = database, seals

    async def prune(self, before: datetime) -> int:
        """Remove the rows that are older than `before`; how many. A chain in which something is wrong stays as it is."""
        async with self.database.reading(Context()) as uow:
            heads = await uow.all(HEADS)
        return sum([await self._prune_chain(head, before) for head in heads])

    async def thin(self) -> int:
        """Of checkpoints older than a day keep the last of each hour; how many went. A newer one vouches for all before it."""
        removed = 0
        async with self.database.reading(Context()) as uow:
            heads = await uow.all(HEADS)
        for head in heads:
            async with self.database.reading(Context()) as uow:
                words = await uow.all(WORDS, chain=head.id, kind="head", since=0)
            old = [word for word in words[:-1] if word.created_at < clock.now() - KEPT_WHOLE]
            last_of_hour = {word.created_at.replace(minute=0, second=0, microsecond=0): word.id for word in old}
            gone = [{"id": word.id} for word in old if word.id not in last_of_hour.values()]
            async with self.database.unit(Context()) as uow:
                await uow.run_many(FORGET_WORD, gone)
            removed += len(gone)
        return removed

    async def _prune_chain(self, head: Head, before: datetime) -> int:
        async with self.database.reading(Context()) as uow:
            begun = await uow.one(NEWEST_WORD, chain=head.id, kind="beginning")
            begins = begun.seq if begun else 0
            first_kept = await FIRST_SINCE.one(uow, head.id, after=begins, since=before)
        last = head.seq if first_kept is None else first_kept - 1
        if last > begins:
            verdict = await Verifier(self.database, self.seals).check(head.id, until=last)
            if not verdict.is_whole:
                log.error("audit_not_pruned", chain=name_of(head.id), reason=verdict.findings[0].sentence)
                return 0
            await self._begin_behind(head.id, last, verdict.hash, verdict.rows)
            begins = last
        return await self._remove(head.id, begins)

    async def _begin_behind(self, chain: UUID, seq: int, hash: bytes, rows: int) -> None:
        async with self.database.unit(Context()) as uow:
            await begin_behind(uow, self.seals, Word("beginning", chain, seq, hash, clock.now()))
            uow.audit(AuditRecord("PRUNE", "audit", name_of(chain), {"rows": rows, "upTo": seq, "hash": hash.hex()}))

    async def _remove(self, chain: UUID, until: int) -> int:
        removed = 0
        async with self.database.reading(Context()) as uow:
            lowest = await LOWEST.one(uow, chain)
        while lowest is not None and lowest <= until:  # in short units, so that others write in between
            lowest = min(lowest + REMOVED_AT_ONCE, until + 1)
            async with self.database.unit(Context()) as uow:
                removed += await REMOVE.run(uow, chain, until=lowest - 1)
        if removed:
            async with self.database.unit(Context()) as uow:
                for kind in ("head", "beginning"):
                    await uow.run(FORGET_WORDS, chain=chain, kind=kind, seq=until)
        return removed


async def begin_behind(uow: UnitOfWork, seals: Seals, word: Word) -> None:
    """Let a chain begin behind a place."""
    text = await asyncio.to_thread(seals.sign, word)
    await uow.run(ADD_WORD, chain=word.chain, kind="beginning", seq=word.seq, signed=text, created_at=word.at)
