"""Checks a trail: every link, every checkpoint, the head, and heads that were kept elsewhere."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

import orjson

from .. import clock
from ..context import Context
from ..database import Database, UnitOfWork
from .canonical import StoredRow, canonical, id_of, link
from .findings import Verdict
from .seals import Seals, Word
from .statements import (
    CHAINS_WITH_WORDS,
    HEAD,
    HEADS,
    HIGHEST,
    OF_NOBODY,
    ROWS_BEHIND,
    TENANTS,
    WAITING,
    Head,
    SignedWord,
)
from .words import Words

BATCH = 500
UNSIGNED_AT_MOST = timedelta(minutes=2)  # a chain is signed with its first row, a moment after it
Progress = Callable[[int, int], None]
Anchors = Mapping[UUID, tuple[int, bytes]]


class Verifier:
    """Checks the chains of one database. It only reads, and may run while the trail grows and is pruned.

    `anchors` are heads that somebody kept elsewhere; `progress` is told how many rows of how many of a chain are done.
    """

    def __init__(
        self, database: Database, seals: Seals, *, anchors: Anchors | None = None, progress: Progress | None = None
    ) -> None:
        self.database, self.seals = database, seals
        self.anchors, self.progress = anchors or {}, progress

    async def run(self, *, newest: int | None = None) -> list[Verdict]:
        """One verdict for each chain. With `newest`, about so many of a chain's last rows are looked at, from a checkpoint on."""
        return [await self.check(chain, newest=newest) for chain in await self.chains()]

    async def waiting(self) -> int:
        """How many rows have no place yet."""
        async with self.database.reading(Context()) as uow:
            return await uow.value(WAITING) or 0

    async def chains(self) -> list[UUID]:
        """Every chain that anything in the database, or an anchor, speaks of; the main one first."""
        async with self.database.reading(Context()) as uow:
            found = {head.id for head in await uow.all(HEADS)}
            tenants = [id_of(tenant, self.database.dialect) for tenant in await uow.all(TENANTS)]
            found |= {*await uow.all(CHAINS_WITH_WORDS), *self.anchors, *(tenant for tenant in tenants if tenant is not None)}
        return [OF_NOBODY, *sorted(found - {OF_NOBODY})]

    async def check(self, chain: UUID, *, newest: int | None = None, until: int | None = None) -> Verdict:
        """The verdict on one chain, or on its rows up to the place `until`."""
        async with self.database.reading(Context()) as uow:
            while True:
                look = _Look(self, uow, chain)
                begun = await look.words.beginning()
                verdict = await look.run(begun, newest, until)
                if verdict.is_whole or begun == await look.words.beginning():
                    return verdict  # else it was pruned while we looked


class _Look:
    """One look at one chain. Questions are asked in such an order that a chain that grows meanwhile gives no cause for alarm."""

    def __init__(self, verifier: Verifier, uow: UnitOfWork, chain: UUID) -> None:
        self.uow, self.chain, self.dialect = uow, chain, verifier.database.dialect
        self.verdict = Verdict(chain)
        self.words = Words(uow, verifier.seals, self.verdict)
        self.anchor, self.progress = verifier.anchors.get(chain), verifier.progress
        self.believed: dict[int, Word] = {}
        self.oldest: StoredRow | None = None

    async def run(self, begun: SignedWord | None, newest: int | None, until: int | None) -> Verdict:
        """Look from the beginning to the head, up to the first thing that is wrong."""
        verdict = self.verdict
        if begun is not None:
            word = self.words.of_beginning(begun)
            if word is None:
                return verdict
            self._begin(word)
        signed = await self._head()
        since = verdict.first
        if newest is not None and signed is not None:
            since = max(since, signed.seq - newest)
        self.believed, newest_word = await self.words.checkpoints(since)
        highest = await HIGHEST.one(self.uow, self.chain) or 0
        head = await self._head()
        if since > verdict.first and self.believed:
            self._begin(self.believed[min(self.believed)])
            verdict.is_complete = False
        if signed is not None and signed.signed_seq > max(newest_word, verdict.first):
            verdict.found("unsigned", signed.signed_seq, f"The checkpoint at row {signed.signed_seq} is missing.")
        last = head.seq if head else highest
        if self._is_as_kept(verdict.first, verdict.hash) and await self._walk(min(last, until or last)) and until is None:
            self._compare_end(head, highest)
        return verdict

    async def _head(self) -> Head | None:
        return await self.uow.one(HEAD, id=self.chain)

    def _begin(self, word: Word) -> None:
        self.verdict.first = self.verdict.last = word.seq
        self.verdict.hash = word.hash

    async def _walk(self, last: int) -> bool:
        """Row by row to the last one; False after a finding."""
        verdict, first = self.verdict, self.verdict.first
        while verdict.last < last:
            rows = await ROWS_BEHIND.all(self.uow, self.chain, after=verdict.last, until=last, limit=BATCH)
            if not rows:
                break
            self.oldest = self.oldest or rows[0]
            for place, row in enumerate(rows):
                if not self._follows(row, rows[place + 1 :]):
                    return False
            if self.progress is not None:
                self.progress(verdict.last - first, last - first)
        return True

    def _follows(self, row: StoredRow, behind: Sequence[StoredRow]) -> bool:
        verdict, seq = self.verdict, self.verdict.last + 1
        if row.seq != seq:
            verdict.found("removed", seq, f"Row {seq} is missing; the next one there is row {row.seq}.")
            return False
        hash = self._linked(verdict.hash, row, seq)
        if hash != row.hash:
            self._classify(row, seq, behind)
            return False
        verdict.last, verdict.hash = seq, hash
        verdict.rows += 1
        return self._is_as_kept(seq, hash)

    def _is_as_kept(self, seq: int, hash: bytes) -> bool:
        """Whether signed checkpoints and the anchor agree with a hash that follows from all rows before."""
        verdict, word = self.verdict, self.believed.get(seq)
        if word is not None and word.hash != hash:
            verdict.found("rewritten", seq, f"The rows up to row {seq} are not those that the checkpoint there signs.")
            return False
        if word is not None:
            verdict.checkpoints, verdict.signed_seq = verdict.checkpoints + 1, seq
        if self.anchor is not None and self.anchor[0] == seq and self.anchor[1] != hash:
            verdict.found("rewritten", seq, f"The rows up to row {seq} are not those of the anchor that was kept.")
            return False
        return True

    def _classify(self, row: StoredRow, seq: int, behind: Sequence[StoredRow]) -> None:
        """Tell an altered row from one that stands in another's place: the rightful one is looked for among those behind."""
        before = self.verdict.hash
        rightful = next((one for one in behind if self._linked(before, one, seq) == one.hash), None)
        told, id = self._told(row, seq)
        if rightful is None:
            earlier = f", or row {seq - 1} was together with its hash" if seq - 1 > self.verdict.first else ""
            self.verdict.found("altered", seq, f"{told} is not as it was written{earlier}.", id)
        elif rightful.seq == seq + 1 and self._linked(rightful.hash, row, seq + 1) != row.hash:
            self.verdict.found("inserted", seq, f"{told} was inserted.", id)
        else:
            self.verdict.found("reordered", seq, f"{told} stands in the place of row {rightful.seq}.", id)

    def _linked(self, previous: bytes, row: StoredRow, seq: int) -> bytes:
        return link(previous, canonical(row, seq, self.dialect))

    def _told(self, row: StoredRow, seq: int) -> tuple[str, str]:
        whole = orjson.loads(canonical(row, seq, self.dialect))
        id = str(whole["id"])
        told = f"Row {seq} ({whole['action']} of {whole['resource']} {whole['resourceId']}, {whole['createdAt']}, id {id})"
        return "".join(letter if letter.isprintable() else "?" for letter in told), id  # a terminal may show it

    def _compare_end(self, head: Head | None, highest: int) -> None:
        verdict = self.verdict
        last, newest = verdict.last, max(self.believed, default=0)
        if newest > last:
            verdict.found("truncated", last + 1, f"The rows behind row {last} are missing; a checkpoint signs row {newest}.")
        elif self.anchor is not None and self.anchor[0] > last:
            sentence = f"The rows behind row {last} are missing; the anchor tells of row {self.anchor[0]}."
            verdict.found("truncated", last + 1, sentence)
        elif head is not None and head.seq > last:
            verdict.found("truncated", last + 1, f"The rows behind row {last} are missing; the chain ends at row {head.seq}.")
        elif (head is None and last) or (head is not None and head.hash != verdict.hash):
            verdict.found("head", last, f"The chain does not end with row {last} as it stands.")
        elif head is not None and (not isinstance(highest, int) or highest > head.seq):
            verdict.found("inserted", head.seq + 1, f"The chain ends at row {head.seq}, and there is a row {highest} behind it.")
        elif not self.believed and last > verdict.first and self._is_old():
            verdict.found("unsigned", last, "No checkpoint signs this chain.")
        if self.anchor is not None and self.anchor[0] < verdict.first:
            verdict.notes.append(
                f"The chain begins behind row {verdict.first}, so the anchor at row {self.anchor[0]} says nothing."
            )

    def _is_old(self) -> bool:
        """Whether the first row that was looked at is older than the time a new chain takes to be signed."""
        if self.oldest is None:
            return False
        made = orjson.loads(canonical(self.oldest, 0, self.dialect))["createdAt"]
        return str(made) < (clock.now() - UNSIGNED_AT_MOST).isoformat()
