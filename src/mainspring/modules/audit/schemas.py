"""What readers of the trail ask and receive."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, field_validator
from pydantic.alias_generators import to_camel

from mainspring.core import clock
from mainspring.core.audit.findings import Finding, Verdict
from mainspring.core.audit.statements import OF_NOBODY
from mainspring.core.http import ListQuery, Moment, Out, Schema

Text = Annotated[str, Field(min_length=1, max_length=100)]


class AuditQuery(ListQuery):
    """Which changes; `from` is included, `to` is not."""

    limit: int = Field(default=50, ge=1, le=100, description="Rows on a page.")
    sort: Literal["createdAt", "-createdAt"] | None = None
    resource: Text | None = None
    resource_id: Text | None = None
    user_id: UUID | None = None
    action: Text | None = None
    since: Moment | None = Field(default=None, alias="from", description="The earliest moment.")
    until: Moment | None = Field(default=None, alias="to", description="The moment after the latest.")


class AuditOut(Out):
    """One change (R-115)."""

    id: UUID
    user_id: UUID | None
    action: str
    resource: str
    resource_id: str | None
    changes: dict[str, Any] | None  # Any: each kind of change has its own shape
    ip_address: str | None
    user_agent: str | None
    request_id: str | None
    created_at: datetime

    @field_validator("changes", mode="before")
    @classmethod
    def name_as_answers_do(cls, changes: dict[str, Any] | None) -> dict[str, Any] | None:  # Any: as above
        """Facts name fields as tables do; answers are in camelCase."""
        return changes and {to_camel(name): change for name, change in changes.items()}


class VerificationQuery(Schema):
    """How much is checked."""

    rows: int = Field(default=10_000, ge=1, le=100_000, description="About how many of the newest rows are checked.")


class FindingOut(Out):
    """What is wrong with one row or checkpoint."""

    kind: str
    seq: int
    id: str | None
    message: str

    @classmethod
    def of(cls, finding: Finding) -> Self:
        """The finding as the answer tells it."""
        return cls(kind=finding.kind, seq=finding.seq, id=finding.id, message=finding.sentence)


class ChainOut(Out):
    """One chain: that of a tenant, or of rows without one."""

    tenant: UUID | None
    is_whole: bool
    is_complete: bool
    first_seq: int
    last_seq: int
    hash: str
    rows: int
    checkpoints: int
    signed_seq: int
    findings: list[FindingOut]
    notes: list[str]

    @classmethod
    def of(cls, verdict: Verdict) -> Self:
        """The verdict as the answer tells it."""
        return cls(
            tenant=None if verdict.chain == OF_NOBODY else verdict.chain,
            is_whole=verdict.is_whole,
            is_complete=verdict.is_complete,
            first_seq=verdict.first + 1,
            last_seq=verdict.last,
            hash=verdict.hash.hex(),
            rows=verdict.rows,
            checkpoints=verdict.checkpoints,
            signed_seq=verdict.signed_seq,
            findings=[FindingOut.of(finding) for finding in verdict.findings],
            notes=verdict.notes,
        )


class VerificationOut(Out):
    """Whether the trail is as it was written. `isComplete` tells whether every row was looked at, or only the newest."""

    is_whole: bool
    is_complete: bool
    checked_at: datetime
    waiting_rows: int
    chains: list[ChainOut]

    @classmethod
    def telling(cls, verdicts: Sequence[Verdict], waiting: int) -> Self:
        """The answer."""
        return cls(
            is_whole=all(verdict.is_whole for verdict in verdicts),
            is_complete=all(verdict.is_complete for verdict in verdicts),
            checked_at=clock.now(),
            waiting_rows=waiting,
            chains=[ChainOut.of(verdict) for verdict in verdicts],
        )
