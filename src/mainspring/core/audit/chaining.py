"""Ties committed rows of the trail to each other, and signs how far the chain has come (ARCHITECTURE 10 m).

A row takes its place when it is found committed, so one that commits late comes late in the chain and none is passed over. A
batch is one transaction: the head moves from exactly where we read it and every row is still without a place, or nothing is
written. So two processes can do this at once, and one that is killed leaves whole links.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from .. import clock
from ..context import Context
from ..database import Database, UnitOfWork
from ..observability.logs import get_logger
from .canonical import BEGINNING, StoredRow, canonical, id_of, id_text, link
from .figures import ALTERED
from .findings import name_of
from .record import AuditRecord
from .seals import Seals, Word
from .statements import (
    ADD_WORD,
    ADVANCE,
    BEGIN,
    HASH_AT,
    HEAD,
    LINK,
    LINKED,
    OF_NOBODY,
    SIGN,
    UNCHAINED,
    UNSIGNED,
    Head,
)

BATCH = 500
log = get_logger(__name__)


class Overtaken(Exception):
    """Somebody else moved the chain since we read it."""


@dataclass(frozen=True, slots=True)
class Links:
    """Rows of one chain on their way to their places."""

    before: Head | None
    after: Head
    rows: Sequence[Mapping[str, Any]]


class Chainer:
    """Chains the trail of one database."""

    def __init__(self, database: Database, seals: Seals, *, every: timedelta, rows: int) -> None:
        self.database, self.seals, self.every, self.rows = database, seals, every, rows
        self._written: dict[UUID, Head] = {}  # where we left each chain
        self._unusable: set[Any] = set()

    async def chain(self) -> int:
        """Give the oldest rows without a place theirs, at most 500; how many."""
        async with self.database.reading(Context()) as uow:
            found = await uow.all(UNCHAINED, limit=BATCH)
            if not found:
                return 0
            batches = [await self._linked(uow, chain, rows) for chain, rows in self._by_chain(found).items()]
        try:
            async with self.database.unit(Context(path="audit chain")) as uow:
                for links in batches:
                    await _write(uow, links)
        except Overtaken:
            return 0
        self._written |= {links.after.id: links.after for links in batches}
        return sum(len(links.rows) for links in batches)

    async def chain_all(self) -> int:
        """Go on until no row is left without a place; how many there were."""
        count = 0
        while done := await self.chain():
            count += done
        return count

    async def sign_due(self, *, now: bool = False) -> int:
        """Sign the heads that are due, `now` every one that moved; how many. A key that is new signs each chain once, too."""
        before = clock.now() if now else clock.now() - self.every
        due = {"before": before, "rows": self.rows, "key_id": self.seals.signing_id}
        async with self.database.reading(Context()) as uow:
            heads = await uow.all(UNSIGNED, **due)
            for head in heads:
                await self._look_for_another_hand(uow, head.id, head)
        signed = 0
        for head in heads:
            at = clock.now()
            text = await asyncio.to_thread(self.seals.sign, Word("head", head.id, head.seq, head.hash, at))
            async with self.database.unit(Context(path="audit checkpoint")) as uow:
                place = {"id": head.id, "seq": head.seq, "hash": head.hash, "old": head.signed_seq}
                if not await uow.run(SIGN, **place, signed_at=at, signed_by=self.seals.signing_id):
                    continue  # it has moved on, and comes with the next look
                await uow.run(ADD_WORD, chain=head.id, kind="head", seq=head.seq, signed=text, created_at=at)
            log.info("audit_checkpoint", chain=name_of(head.id), seq=head.seq, hash=head.hash.hex())
            signed += 1
        return signed

    def _by_chain(self, found: Sequence[StoredRow]) -> dict[UUID, list[tuple[str, StoredRow]]]:
        chains: dict[UUID, list[tuple[str, StoredRow]]] = defaultdict(list)
        for row in found:
            id = id_text(row.id, self.database.dialect)
            tenant = OF_NOBODY if row.tenant is None else id_of(row.tenant, self.database.dialect)
            if id is not None and tenant is not None:
                chains[tenant].append((id, row))
            elif row.id not in self._unusable:
                self._unusable.add(row.id)
                log.error("audit_row_without_usable_id", id=str(row.id), tenant=str(row.tenant))
        return chains

    async def _linked(self, uow: UnitOfWork, chain: UUID, rows: Sequence[tuple[str, StoredRow]]) -> Links:
        before = await uow.one(HEAD, id=chain)
        await self._look_for_another_hand(uow, chain, before)
        seq, hash = (before.seq, before.hash) if before else (0, BEGINNING)
        places = []
        for id, row in rows:
            seq += 1
            hash = link(hash, canonical(row, seq, self.database.dialect))
            places.append({"id": id, "seq": seq, "hash": hash})
        after = replace(before, seq=seq, hash=hash) if before else Head(chain, seq, hash, 0, None, None)
        return Links(before, after, places)

    async def _look_for_another_hand(self, uow: UnitOfWork, chain: UUID, head: Head | None) -> None:
        """Where the chain is no longer where we left it, another process went on from there; if it did not, raise the alarm."""
        left = self._written.get(chain)
        if left is None or (head is not None and (head.seq, head.hash) == (left.seq, left.hash)):
            return
        if head is not None and head.seq > left.seq and await HASH_AT.one(uow, chain, seq=left.seq) == left.hash:
            return
        del self._written[chain]
        ALTERED.inc()
        log.error("audit_chain_altered", chain=name_of(chain), seq=left.seq, hash=left.hash.hex())
        async with self.database.unit(Context()) as alarm:
            alarm.audit(AuditRecord("CHAIN_ALTERED", "audit", name_of(chain), {"seq": left.seq, "hash": left.hash.hex()}))


async def _write(uow: UnitOfWork, links: Links) -> None:
    """Raises Overtaken."""
    before, after = links.before, links.after
    if before is None:
        first = {"signed_seq": 0, "signed_at": None, "signed_by": None}
        moved = await uow.run(BEGIN, id=after.id, seq=after.seq, hash=after.hash, **first)
    else:
        moved = await uow.run(ADVANCE, id=after.id, old_seq=before.seq, old_hash=before.hash, seq=after.seq, hash=after.hash)
    if not moved:
        raise Overtaken
    await uow.run_many(LINK, links.rows)  # counted below: with RETURNING each row takes SQLite 15 us more
    if await LINKED.one(uow, after.id, after=before.seq if before else 0, until=after.seq) != len(links.rows):
        raise Overtaken
