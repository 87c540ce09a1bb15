"""The business table that every contender has."""

from datetime import datetime

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from mainspring.core.database import Model


class BenchOrder(Model):
    """What each transaction inserts."""

    __tablename__ = "bench_orders"

    number: Mapped[int]
    name: Mapped[str] = mapped_column(Text)
    amount: Mapped[int]
    created_at: Mapped[datetime]
