"""Create products."""

import sqlalchemy as sa
from alembic import op

from mainspring.core.database import UtcDateTime

revision, down_revision = "001", None

INDEXES = {
    "ix_products_created_at_id": ["created_at", "id"],
    "ix_products_name_id": ["name", "id"],
    "ix_products_price_amount_id": ["price_amount", "id"],
    "ix_products_category_created_at_id": ["category", "created_at", "id"],
}


def upgrade() -> None:
    """Create the table and the indexes of its sorts, over products that are not deleted."""
    op.create_table(
        "products",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("category", sa.String(100), nullable=False),
        sa.Column("price_amount", sa.BigInteger(), nullable=False),
        sa.Column("price_currency", sa.String(3), nullable=False),
        sa.Column("stock", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("price_amount >= 0", name=op.f("ck_products_price_not_negative")),
        sa.CheckConstraint("stock >= 0", name=op.f("ck_products_stock_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products")),
    )
    living = sa.text("deleted_at IS NULL")
    for name, columns in INDEXES.items():
        op.create_index(name, "products", columns, postgresql_where=living, sqlite_where=living)


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("products")
