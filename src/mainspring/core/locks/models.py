"""The table of leases."""

from uuid import UUID

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..database.model import Model


class HeldName(Model):
    """A name and the process that holds it; `beat` grows for as long as the process lives."""

    __tablename__ = "core_leases"
    __table_args__ = (UniqueConstraint("name"),)

    name: Mapped[str] = mapped_column(String(120))
    holder: Mapped[UUID]
    beat: Mapped[int]
