"""Create the tables of inventory."""

import sqlalchemy as sa
from alembic import op

from mainspring.core.database import UtcDateTime

revision, down_revision = "001", None


def upgrade() -> None:
    """Create reservations and adjustments."""
    held = sa.text("state = 'held'")
    op.create_table(
        "stock_reservations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_stock_reservations_quantity")),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_stock_reservations_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_reservations")),
        sa.UniqueConstraint("reference", "product_id", name=op.f("uq_stock_reservations_reference_product_id")),
    )
    op.create_index(
        "ix_stock_reservations_product_id", "stock_reservations", ["product_id"], sqlite_where=held, postgresql_where=held
    )
    op.create_index(
        "ix_stock_reservations_expires_at_reference",
        "stock_reservations",
        ["expires_at", "reference"],
        sqlite_where=held,
        postgresql_where=held,
    )
    op.create_table(
        "stock_adjustments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("delta", sa.Integer(), nullable=False),
        sa.Column("stock_after", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("adjusted_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("delta <> 0", name=op.f("ck_stock_adjustments_delta")),
        sa.CheckConstraint("stock_after >= 0", name=op.f("ck_stock_adjustments_stock_after")),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_stock_adjustments_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_adjustments")),
    )
    op.create_index("ix_stock_adjustments_product_id_created_at_id", "stock_adjustments", ["product_id", "created_at", "id"])


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("stock_adjustments")
    op.drop_table("stock_reservations")
