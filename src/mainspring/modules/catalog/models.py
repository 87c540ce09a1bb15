"""The products table."""

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from mainspring.core.database import Model, SoftDeleted, Timestamps, Versioned


class Product(Timestamps, Versioned, SoftDeleted, Model):
    """Something to sell. The price is in minor units of its currency; stock changes only by a conditional update."""

    __tablename__ = "products"

    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(String(100))
    price_amount: Mapped[int] = mapped_column(BigInteger)
    price_currency: Mapped[str] = mapped_column(String(3))
    stock: Mapped[int] = mapped_column(Integer)

    __table_args__ = (
        CheckConstraint("price_amount >= 0", name="price_not_negative"),
        CheckConstraint("stock >= 0", name="stock_not_negative"),
    )


NOT_DELETED = Product.deleted_at.is_(None)
SORTED_BY = (
    (Product.created_at, Product.id),
    (Product.name, Product.id),
    (Product.price_amount, Product.id),
    (Product.category, Product.created_at, Product.id),
)
for columns in SORTED_BY:
    name = "_".join(column.key for column in columns)
    Index(f"ix_products_{name}", *columns, postgresql_where=NOT_DELETED, sqlite_where=NOT_DELETED)
