"""Signs the beginnings of pruned chains with today's key, so that none depends on a key that is about to go."""

from ..context import Context
from ..database import Database, UnitOfWork
from ..observability.logs import get_logger
from .canonical import canonical, link
from .findings import name_of
from .pruning import begin_behind
from .record import AuditRecord
from .seals import KeyUnknown, SealBroken, Seals, Word
from .statements import HEADS, NEWEST_WORD, ROWS_BEHIND, SignedWord

log = get_logger(__name__)


async def renew_beginnings(database: Database, seals: Seals, *, lost: bool = False) -> int:
    """Sign those of older keys anew; how many.

    With `lost`, also those of keys that nobody has any more: then only the first row behind the place says that it is right, and
    the trail tells that somebody did this. One that does not fit stays as it is; checking the trail names it.
    """
    renewed = 0
    async with database.reading(Context()) as uow:
        for head in await uow.all(HEADS):
            found = await uow.one(NEWEST_WORD, chain=head.id, kind="beginning")
            if found is not None and await _renewed(database, seals, found, lost=lost):
                renewed += 1
    return renewed


async def _renewed(database: Database, seals: Seals, found: SignedWord, *, lost: bool) -> bool:
    try:
        if seals.peek(found.signed)[0] == seals.signing_id:
            return False
        async with database.unit(Context()) as uow:
            try:
                word = seals.open(found.signed)
            except KeyUnknown as error:
                if not lost:
                    raise
                word = await _tied(uow, seals.peek(found.signed)[1])
                told = {"seq": word.seq, "lostKey": error.key_id}
                uow.audit(AuditRecord("SIGN_BEGINNING", "audit", name_of(found.chain), told))
            await begin_behind(uow, seals, word)
    except (KeyUnknown, SealBroken) as wrong:
        log.error("audit_beginning_not_renewed", chain=name_of(found.chain), seq=found.seq, reason=type(wrong).__name__)
        return False
    return True


async def _tied(uow: UnitOfWork, word: Word) -> Word:
    """The word, if the first row behind it follows from its hash. Raises SealBroken."""
    rows = await ROWS_BEHIND.all(uow, word.chain, after=word.seq, until=word.seq + 1, limit=1)
    if not rows or link(word.hash, canonical(rows[0], word.seq + 1, uow.database.dialect)) != rows[0].hash:
        raise SealBroken
    return word
