"""What every table of ours has: a UUIDv7 key, constraint names that migrations can rely on, times and versions on wish."""

import enum
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Enum, MetaData, Uuid
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from ..module import BootRefused
from .types import Json, UtcDateTime

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def _values(kind: type[enum.Enum]) -> list[str]:
    return [member.value for member in kind]


class Model(DeclarativeBase):
    """A table. Whole numbers are 64 bit, times are UTC, enums are stored as the text of their values (R-213)."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {
        UUID: Uuid(),
        datetime: UtcDateTime(),
        int: BigInteger(),
        dict[str, Any]: Json(),
        list[Any]: Json(),
        enum.Enum: Enum(enum.Enum, native_enum=False, create_constraint=False, length=40, values_callable=_values),
    }

    id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-10)

    def __init_subclass__(cls, **options: Any) -> None:
        """Raises BootRefused when another class has the table already, with both of them in its sentence."""
        name = cls.__dict__.get("__tablename__")
        for mapper in cls.registry.mappers:
            if name is not None and getattr(mapper.local_table, "name", None) == name:
                first = mapper.class_.__module__
                raise BootRefused(f"The table {name} is declared twice: in {first} and in {cls.__module__}.")
        super().__init_subclass__(**options)


class Timestamps:
    """When the row was made and last changed; `insert_into` and `update_of` set both (R-226)."""

    created_at: Mapped[datetime] = mapped_column(sort_order=10)
    updated_at: Mapped[datetime] = mapped_column(sort_order=11)


class Versioned:
    """A number that grows by one with each `update_of`; `If-Match` compares it."""

    version: Mapped[int] = mapped_column(sort_order=12)


class SoftDeleted:
    """A row that is hidden, not gone, once `deleted_at` is set (R-225)."""

    deleted_at: Mapped[datetime | None] = mapped_column(sort_order=13)
