"""Create roles, what they hold and who holds them, with the built-in roles (D-21)."""

import sqlalchemy as sa
from alembic import op

from mainspring.core import clock, ids
from mainspring.core.database import UtcDateTime

revision = "001"
down_revision = None

BUILT_IN = {
    "admin": "Holds every permission",
    "moderator": "Looks after what users make",
    "user": "Everybody who has an account",
    "guest": "Somebody invited to look",
}


def upgrade() -> None:
    """Create the tables and the built-in roles. What these hold is learnt from the modules at a start."""
    roles = op.create_table(
        "roles",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(50), nullable=False),
        sa.Column("description", sa.String(200), nullable=False),
        sa.Column("is_built_in", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_roles"),
        sa.UniqueConstraint("name", name="uq_roles_name"),
    )
    op.create_table(
        "permissions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_permissions"),
        sa.UniqueConstraint("name", name="uq_permissions_name"),
    )
    op.create_table(
        "role_permissions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("role_id", sa.Uuid(), nullable=False),
        sa.Column("permission", sa.String(100), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_role_permissions"),
        sa.ForeignKeyConstraint(["role_id"], ["roles.id"], name="fk_role_permissions_role_id", ondelete="CASCADE"),
    )
    op.create_index("uq_role_permissions_role_id_permission", "role_permissions", ["role_id", "permission"], unique=True)
    op.create_table(
        "user_roles",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role_id", sa.Uuid(), nullable=False),
        sa.Column("assigned_at", UtcDateTime(), nullable=False),
        sa.Column("assigned_by", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_user_roles"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_user_roles_user_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["role_id"], ["roles.id"], name="fk_user_roles_role_id", ondelete="CASCADE"),
    )
    op.create_index("uq_user_roles_user_id_role_id", "user_roles", ["user_id", "role_id"], unique=True)
    op.create_index("ix_user_roles_role_id", "user_roles", ["role_id"])
    op.create_table(
        "permission_grants",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("permission", sa.String(100), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("granted_by", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_permission_grants"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_permission_grants_user_id", ondelete="CASCADE"),
    )
    op.create_index("uq_permission_grants_user_id_permission", "permission_grants", ["user_id", "permission"], unique=True)
    now = clock.now()
    op.bulk_insert(
        roles,
        [
            {
                "id": ids.new(),
                "name": name,
                "description": description,
                "is_built_in": True,
                "created_at": now,
                "updated_at": now,
                "version": 1,
            }
            for name, description in BUILT_IN.items()
        ],
    )


def downgrade() -> None:
    """Drop the tables."""
    for table in ("permission_grants", "user_roles", "role_permissions", "permissions", "roles"):
        op.drop_table(table)
