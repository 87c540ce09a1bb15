"""The table of token keys."""

from datetime import datetime

from sqlalchemy import String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..database.model import Model


class TokenKey(Model):
    """One key. `generation` counts from 1, so that of two who make the next one at once, one does.

    `sealed` is the private half, gone once nobody signs with it any more. The public half stays: it opens old checkpoints.
    """

    __tablename__ = "core_token_keys"
    __table_args__ = (UniqueConstraint("generation"),)

    generation: Mapped[int]
    key_id: Mapped[str] = mapped_column(String(64))
    algorithm: Mapped[str] = mapped_column(String(10))
    public: Mapped[str] = mapped_column(Text())
    sealed: Mapped[str | None] = mapped_column(Text())
    created_at: Mapped[datetime]
    signs_from: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    leaked: Mapped[bool]
