"""Reads the signed words about a chain, and tells which of them can be believed."""

from ..database import UnitOfWork
from .findings import Verdict
from .seals import KeyUnknown, SealBroken, Seals, Word
from .statements import NEWEST_WORD, WORDS, SignedWord


class Words:
    """The words about one chain. What is wrong with them goes into the verdict."""

    def __init__(self, uow: UnitOfWork, seals: Seals, verdict: Verdict) -> None:
        self.uow, self.seals, self.verdict = uow, seals, verdict

    async def beginning(self) -> SignedWord | None:
        """The row that says where the chain begins; None for one that begins with its first row."""
        return await self.uow.one(NEWEST_WORD, chain=self.verdict.chain, kind="beginning")

    def of_beginning(self, found: SignedWord) -> Word | None:
        """What the beginning says; None after a finding."""
        try:
            return self._opened(found)
        except SealBroken:
            self.verdict.found(
                "forged", found.seq, f"The beginning of the chain behind row {found.seq} was not signed as it stands."
            )
        except KeyUnknown as error:
            self._found_unknown(f"The beginning of the chain behind row {found.seq}", found.seq, error.key_id)
        return None

    async def checkpoints(self, since: int) -> tuple[dict[int, Word], int]:
        """The checkpoints from row `since` on, or the last one before, that can be believed; and the row of the newest one.

        One of an unknown key is a finding where no newer one can be believed: a newer one vouches for all rows before it.
        """
        believed: dict[int, Word] = {}
        unknown: list[tuple[int, str]] = []
        newest = 0
        words = await self.uow.all(WORDS, chain=self.verdict.chain, kind="head", since=since)
        if not words and (last := await self.uow.one(NEWEST_WORD, chain=self.verdict.chain, kind="head")) is not None:
            words = [last]
        for found in words:
            newest = found.seq
            try:
                believed[found.seq] = self._opened(found)
            except SealBroken:
                self.verdict.found("forged", found.seq, f"The checkpoint at row {found.seq} was not signed as it stands.")
            except KeyUnknown as error:
                unknown.append((found.seq, error.key_id))
        if unknown and unknown[-1][0] > max(believed, default=0):
            seq, key_id = unknown[-1]
            self._found_unknown(f"The newest checkpoint, at row {seq},", seq, key_id)
        elif unknown:
            self.verdict.notes.append(f"{len(unknown)} older checkpoints are signed with keys that are not known.")
        return believed, newest

    def _opened(self, found: SignedWord) -> Word:
        """Raises KeyUnknown, and SealBroken where the row says something else than its seal."""
        word = self.seals.open(found.signed)
        if (word.kind, word.chain, word.seq, word.at) != (found.kind, found.chain, found.seq, found.created_at):
            raise SealBroken
        return word

    def _found_unknown(self, what: str, seq: int, key_id: str) -> None:
        self.verdict.found("unknown_key", seq, f"{what} is signed with the key {key_id}, which is not known.")
