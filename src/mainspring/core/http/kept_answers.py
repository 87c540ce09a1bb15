"""The questions to the table of kept answers (ARCHITECTURE 10 i)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, delete, select

from ..database import Statement, bind, insert_into, update_of
from .models import IdempotencyKey


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What is known about a key."""

    route: str
    body_sha256: str
    state: str
    status: int
    headers: list[Any]
    body: bytes
    expires_at: datetime


_IS_THIS = (IdempotencyKey.caller == bind("caller", IdempotencyKey.caller), IdempotencyKey.key == bind("key", IdempotencyKey.key))

KEPT = Statement(
    select(
        IdempotencyKey.route,
        IdempotencyKey.body_sha256,
        IdempotencyKey.state,
        IdempotencyKey.status,
        IdempotencyKey.headers,
        IdempotencyKey.body,
        IdempotencyKey.expires_at,
    ).where(*_IS_THIS),
    KeptAnswer,
)
KEEP: Statement[Any] = Statement(insert_into(IdempotencyKey))
CLAIM: Statement[Any] = Statement(insert_into(IdempotencyKey).on_conflict_do_nothing(index_elements=["caller", "key"]))
FINISH: Statement[Any] = Statement(
    update_of(IdempotencyKey)
    .where(*_IS_THIS)
    .values(
        state="done",
        status=bind("status", IdempotencyKey.status),
        headers=bind("headers", IdempotencyKey.headers),
        body=bind("body", IdempotencyKey.body),
        expires_at=bind("expires_at", IdempotencyKey.expires_at),
    )
)
FORGET: Statement[Any] = Statement(delete(IdempotencyKey).where(*_IS_THIS))
_OLD = (
    select(IdempotencyKey.id)
    .where(IdempotencyKey.expires_at <= bind("now", IdempotencyKey.expires_at))
    .order_by(IdempotencyKey.expires_at)
    .limit(bind("limit", BigInteger))
)
FORGET_OLD: Statement[Any] = Statement(delete(IdempotencyKey).where(IdempotencyKey.id.in_(_OLD)), slow=True)
