"""Weigh crates, and allow longer labels."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "002", "001"


def upgrade() -> None:
    with op.batch_alter_table("warehouse_crates") as table:
        table.add_column(sa.Column("weight", sa.BigInteger(), nullable=False, server_default="1"))
        table.alter_column("label", existing_type=sa.String(40), type_=sa.String(80), existing_nullable=False)
        table.create_check_constraint("ck_warehouse_crates_weight", "weight > 0")
    with op.batch_alter_table("warehouse_crates") as table:
        table.alter_column("weight", existing_type=sa.BigInteger(), server_default=None, existing_nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("warehouse_crates") as table:
        table.drop_constraint("ck_warehouse_crates_weight", type_="check")
        table.drop_column("weight")
        table.alter_column("label", existing_type=sa.String(80), type_=sa.String(40), existing_nullable=False)
