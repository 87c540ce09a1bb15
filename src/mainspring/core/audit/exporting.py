"""The trail as lines of JSON that anybody can check without us (docs/guides/audit.md has the script)."""

from collections.abc import AsyncIterator
from datetime import datetime
from uuid import UUID

from ..context import Context
from ..database import Database
from .canonical import BEGINNING, canonical
from .seals import Seals
from .statements import HASH_AT, NEWEST_WORD, ROWS_BEHIND, SPAN
from .verifying import BATCH, Verifier


class Exporter:
    """Reads the chains of one database in batches; nothing is kept in memory."""

    def __init__(self, database: Database, seals: Seals) -> None:
        self.database, self.seals = database, seals

    async def lines(self, since: datetime, until: datetime, chain: UUID | None = None) -> AsyncIterator[bytes]:
        """The rows of that time, `until` left out, of one chain or of all, one behind the other.

        Each line is the text that its hash is made of, with `previous` and `hash` added. Rows come by their places without a
        gap, so one that committed late brings those around it along. Rows without a place yet are not among them.
        """
        chains = [chain] if chain is not None else await Verifier(self.database, self.seals).chains()
        for each in chains:
            async with self.database.reading(Context()) as uow:
                span = await SPAN.one(uow, each, since=since, until=until)
                if span is None or span.first is None or span.last is None:
                    continue
                previous, after = await HASH_AT.one(uow, each, seq=span.first - 1), span.first - 1
                if previous is None:
                    begun = await uow.one(NEWEST_WORD, chain=each, kind="beginning")
                    previous = self.seals.peek(begun.signed)[1].hash if begun else BEGINNING
                while rows := await ROWS_BEHIND.all(uow, each, after=after, until=span.last, limit=BATCH):
                    for row in rows:
                        text = canonical(row, row.seq, self.database.dialect)
                        yield b'%s,"hash":"%s","previous":"%s"}' % (text[:-1], row.hash.hex().encode(), previous.hex().encode())
                        previous, after = row.hash, row.seq
