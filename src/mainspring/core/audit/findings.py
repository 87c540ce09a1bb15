"""What checking the trail can find, in words."""

from dataclasses import dataclass, field
from uuid import UUID

from .statements import OF_NOBODY


@dataclass(frozen=True, slots=True)
class Finding:
    """The first thing in a chain that is not as it was written.

    `kind` is `altered`, `removed`, `inserted`, `reordered`, `truncated`, `rewritten` (links are whole and a signed checkpoint or
    an anchor says otherwise), `forged` (a checkpoint), `unknown_key`, `unsigned` or `head`.
    """

    chain: UUID
    kind: str
    seq: int
    sentence: str
    id: str | None = None


@dataclass(slots=True)
class Verdict:
    """What was looked at in one chain, and what was found. `first` is the place behind which the look began."""

    chain: UUID
    first: int = 0
    last: int = 0
    hash: bytes = bytes(32)
    rows: int = 0
    checkpoints: int = 0
    signed_seq: int = 0
    is_complete: bool = True
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def found(self, kind: str, seq: int, sentence: str, id: str | None = None) -> None:
        """Add a finding."""
        self.findings.append(Finding(self.chain, kind, seq, sentence, id))


def name_of(chain: UUID) -> str:
    """How people call a chain: `main`, or the id of its tenant."""
    return "main" if chain == OF_NOBODY else str(chain)


def chain_of(name: str) -> UUID:
    """The chain that people call so. Raises ValueError."""
    return OF_NOBODY if name == "main" else UUID(name)
