"""Tables and statements that the database tests share: a shelf of products with stock."""

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, mapped_column

from mainspring.core.database import Model, Statement, Timestamps, Versioned, any_of, bind, insert_into, update_of


class Kind(enum.Enum):
    BOOK = "book"
    TOY = "toy"


class Shelf(Timestamps, Model):
    __tablename__ = "test_shelves"
    name: Mapped[str] = mapped_column(String(50), unique=True)


class Item(Versioned, Timestamps, Model):
    __tablename__ = "test_items"
    shelf_id: Mapped[UUID | None] = mapped_column(ForeignKey("test_shelves.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(100))
    kind: Mapped[Kind]
    price: Mapped[int]
    stock: Mapped[int]
    is_shown: Mapped[bool]
    extra: Mapped[dict[str, Any] | None]
    __table_args__ = (
        CheckConstraint("stock >= 0", name="stock"),
        Index("ix_test_items_price_id", "price", "id"),
        Index("uq_test_items_name", "name", unique=True),
    )


TABLES = [Shelf.__table__, Item.__table__]


@dataclass(frozen=True, slots=True)
class ItemRow:
    id: UUID
    name: str
    kind: Kind
    price: int
    stock: int
    is_shown: bool
    extra: dict[str, Any] | None
    created_at: datetime
    updated_at: datetime
    version: int


ADD_SHELF = Statement(insert_into(Shelf).returning(Shelf.id), UUID)
ADD = Statement(insert_into(Item).returning(*Item.__table__.c), ItemRow)
PUT = Statement(insert_into(Item))
BY_ID = Statement(select(Item).where(Item.id == bind("id", Item.id)), ItemRow)
SOME = Statement(select(Item).where(any_of(Item.id, "ids")).order_by(Item.price), ItemRow)
CHEAPEST = Statement(
    select(Item).where(Item.price >= bind("low", Item.price)).order_by(Item.price, Item.id).limit(bind("limit", Item.price)),
    ItemRow,
)
TAKE = Statement(
    update_of(Item)
    .where(Item.id == bind("id", Item.id), Item.stock >= bind("count", Item.stock))
    .values(stock=Item.stock - bind("count", Item.stock))
)
STOCK = Statement(select(Item.stock).where(Item.id == bind("id", Item.id)), int)


def item(name: str = "A ball", **fields: Any) -> dict[str, Any]:
    plain = {"shelf_id": None, "kind": Kind.TOY, "price": 500, "stock": 10, "is_shown": True, "extra": {"colour": "red"}}
    return {**plain, "name": name, **fields}
