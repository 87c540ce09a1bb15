"""What is asked of the tables of the trail, by whoever chains, signs, checks, exports and prunes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Select, String, Uuid, cast, delete, func, select

from ..database.as_stored import AsStored
from ..database.statement import Statement, bind, insert_into, update_of
from ..database.unit_of_work import UnitOfWork
from .canonical import STORED, StoredRow
from .models import AuditEntry, Chain, Checkpoint

R = TypeVar("R")
OF_NOBODY = UUID(int=0)  # the chain of rows without a tenant


@dataclass(frozen=True, slots=True)
class Head:
    """The last row of a chain, and up to where it is signed."""

    id: UUID
    seq: int
    hash: bytes
    signed_seq: int
    signed_at: datetime | None
    signed_by: str | None


@dataclass(frozen=True, slots=True)
class SignedWord:
    """A row of the checkpoints: what its columns say, and the seal that proves it."""

    id: UUID
    chain: UUID
    kind: str
    seq: int
    signed: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Span:
    """The first and the last place of rows; None when there are none."""

    first: int | None
    last: int | None


class OfChain(Generic[R]):
    """One question about the rows of a chain, in the two forms that find the indexes: with a tenant, and without."""

    def __init__(self, sql: Select[Any] | Any, row: type[R] | None, *conditions: ColumnElement[bool], slow: bool = False) -> None:
        tenant = AuditEntry.tenant
        self.without = Statement(sql.where(tenant.is_(None), *conditions), row, slow=slow)
        self.with_tenant = Statement(sql.where(tenant == bind("tenant", tenant), *conditions), row, slow=slow)

    def of(self, chain: UUID) -> tuple[Statement[R], dict[str, Any]]:
        """The statement for a chain and the parameter that it needs."""
        return (self.without, {}) if chain == OF_NOBODY else (self.with_tenant, {"tenant": chain})

    async def all(self, uow: UnitOfWork, chain: UUID, **params: Any) -> list[R]:
        """Every row."""
        statement, tenant = self.of(chain)
        return await uow.all(statement, **tenant, **params)

    async def one(self, uow: UnitOfWork, chain: UUID, **params: Any) -> R | None:
        """The first row or value."""
        statement, tenant = self.of(chain)
        return await uow.one(statement, **tenant, **params)

    async def run(self, uow: UnitOfWork, chain: UUID, **params: Any) -> int:
        """How many rows changed."""
        statement, tenant = self.of(chain)
        return await uow.run(statement, **tenant, **params)


_seq, _log = AuditEntry.seq, AuditEntry.__table__
_at_most = bind("limit", BigInteger)

# chaining
UNCHAINED = Statement(STORED.where(_seq.is_(None)).order_by(AuditEntry.id).limit(_at_most), StoredRow)
LINK: Statement[None] = Statement(
    update_of(AuditEntry)
    .where(AuditEntry.id == cast(bind("id", String()), Uuid()), _seq.is_(None))  # as it is stored: no UUID is made of it
    .values(seq=bind("seq", _seq), hash=bind("hash", AuditEntry.hash))
)
LINKED = OfChain(select(func.count()), int, _seq > bind("after", _seq), _seq <= bind("until", _seq))
HEAD = Statement(select(Chain).where(Chain.id == bind("id", Chain.id)), Head)
HEADS = Statement(select(Chain).order_by(Chain.id), Head)
BEGIN: Statement[None] = Statement(
    insert_into(Chain, "id", "seq", "hash", "signed_seq", "signed_at", "signed_by").on_conflict_do_nothing(
        index_elements=[Chain.id]
    )
)
ADVANCE: Statement[None] = Statement(
    update_of(Chain)
    .where(Chain.id == bind("id", Chain.id), Chain.seq == bind("old_seq", Chain.seq), Chain.hash == bind("old_hash", Chain.hash))
    .values(seq=bind("seq", Chain.seq), hash=bind("hash", Chain.hash))
)
HASH_AT = OfChain(select(AuditEntry.hash), bytes, _seq == bind("seq", _seq))

# signing
UNSIGNED = Statement(
    select(Chain).where(
        (Chain.seq > Chain.signed_seq)
        & (
            Chain.signed_at.is_(None)
            | (Chain.signed_at <= bind("before", Chain.signed_at))
            | (Chain.seq >= Chain.signed_seq + bind("rows", BigInteger))
        )
        | Chain.signed_by.is_(None)
        | (Chain.signed_by != bind("key_id", String))
    ),
    Head,
)
SIGN: Statement[None] = Statement(
    update_of(Chain)
    .where(
        Chain.id == bind("id", Chain.id),
        Chain.hash == bind("hash", Chain.hash),
        Chain.seq == bind("seq", Chain.seq),
        Chain.signed_seq == bind("old", Chain.signed_seq),
    )
    .values(
        signed_seq=bind("seq", Chain.seq),
        signed_at=bind("signed_at", Chain.signed_at),
        signed_by=bind("signed_by", Chain.signed_by),
    )
)
ADD_WORD: Statement[None] = Statement(insert_into(Checkpoint))

# checking
_words = select(Checkpoint).where(
    Checkpoint.chain == bind("chain", Checkpoint.chain), Checkpoint.kind == bind("kind", Checkpoint.kind)
)
WORDS = Statement(
    _words.where(Checkpoint.seq >= bind("since", Checkpoint.seq)).order_by(Checkpoint.seq, Checkpoint.id), SignedWord, slow=True
)
NEWEST_WORD = Statement(_words.order_by(Checkpoint.seq.desc(), Checkpoint.id.desc()).limit(1), SignedWord)
CHAINS_WITH_WORDS: Statement[UUID] = Statement(select(Checkpoint.chain).distinct(), UUID)
TENANTS: Statement[Any] = Statement(
    select(AsStored(AuditEntry.tenant, "tenant").label("tenant"))
    .where(AuditEntry.tenant.is_not(None), _seq.is_not(None))
    .distinct(),
    slow=True,
)
ROWS_BEHIND = OfChain(
    STORED.order_by(_seq).limit(_at_most), StoredRow, _seq > bind("after", _seq), _seq <= bind("until", _seq), slow=True
)
HIGHEST = OfChain(select(func.max(_seq)), int, _seq.is_not(None))
WAITING: Statement[int] = Statement(select(func.count()).select_from(AuditEntry).where(_seq.is_(None)), int)

# exporting
SPAN = OfChain(
    select(func.min(_seq).label("first"), func.max(_seq).label("last")),
    Span,
    _seq.is_not(None),
    AuditEntry.created_at >= bind("since", AuditEntry.created_at),
    AuditEntry.created_at < bind("until", AuditEntry.created_at),
    slow=True,
)

# pruning
FIRST_SINCE = OfChain(
    select(_seq).order_by(_seq).limit(1),
    int,
    _seq > bind("after", _seq),
    AuditEntry.created_at >= bind("since", AuditEntry.created_at),
)
LOWEST = OfChain(select(func.min(_seq)), int, _seq.is_not(None))
REMOVE: OfChain[None] = OfChain(delete(AuditEntry), None, _seq <= bind("until", _seq))
FORGET_WORDS: Statement[None] = Statement(
    delete(Checkpoint).where(
        Checkpoint.chain == bind("chain", Checkpoint.chain),
        Checkpoint.kind == bind("kind", Checkpoint.kind),
        Checkpoint.seq < bind("seq", Checkpoint.seq),
    )
)
FORGET_WORD: Statement[None] = Statement(delete(Checkpoint).where(Checkpoint.id == bind("id", Checkpoint.id)))
