"""Make crates and boxes."""

import sqlalchemy as sa
from alembic import op

from mainspring.core.database import Json, UtcDateTime

revision, down_revision = "001", None
LIVE = sa.text("deleted_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "warehouse_crates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.String(40), nullable=False),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_warehouse_crates"),
    )
    op.create_index(
        "uq_warehouse_crates_label", "warehouse_crates", ["label"], unique=True, sqlite_where=LIVE, postgresql_where=LIVE
    )
    op.create_table(
        "warehouse_boxes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("crate_id", sa.Uuid(), nullable=False),
        sa.Column("content", Json(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_warehouse_boxes"),
        sa.ForeignKeyConstraint(["crate_id"], ["warehouse_crates.id"], name="fk_warehouse_boxes_crate_id", ondelete="CASCADE"),
    )
    op.create_index("ix_warehouse_boxes_crate_id", "warehouse_boxes", ["crate_id"])


def downgrade() -> None:
    op.drop_table("warehouse_boxes")
    op.drop_table("warehouse_crates")
