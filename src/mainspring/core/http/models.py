"""The table of answers to requests with an `Idempotency-Key` (ARCHITECTURE 10 i)."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Model


class IdempotencyKey(Model):
    """One key of one caller. `state` is `running` until the answer is known; the caller is a user's id or an address."""

    __tablename__ = "core_idempotency_keys"
    __table_args__ = (UniqueConstraint("caller", "key"), Index(None, "expires_at"))

    caller: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(255))
    route: Mapped[str] = mapped_column(String(255))
    body_sha256: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(10))
    status: Mapped[int]
    headers: Mapped[list[Any]]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime]
