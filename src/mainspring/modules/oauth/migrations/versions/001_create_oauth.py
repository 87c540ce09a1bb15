"""Create clients, consents, codes, grants, pushed requests and devices."""

import sqlalchemy as sa
from alembic import op

from mainspring.core.database import Json, UtcDateTime

revision, down_revision = "001", None


def upgrade() -> None:
    """Create the tables."""
    _create_clients()
    _create_codes()
    _create_pushed_requests()
    _create_devices()


def downgrade() -> None:
    """Drop them."""
    for table in (
        "oauth_devices",
        "oauth_pushed_requests",
        "oauth_grants",
        "oauth_codes",
        "oauth_consents",
        "oauth_clients",
    ):
        op.drop_table(table)


def _create_clients() -> None:
    op.create_table(
        "oauth_clients",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=True),
        sa.Column("redirect_uris", Json(), nullable=False),
        sa.Column("post_logout_redirect_uris", Json(), nullable=False),
        sa.Column("grants", Json(), nullable=False),
        sa.Column("scopes", Json(), nullable=False),
        sa.Column("service_account_id", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("registered_itself", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('public', 'confidential')", name=op.f("ck_oauth_clients_kind")),
        sa.CheckConstraint("(kind = 'confidential') = (secret_hash IS NOT NULL)", name=op.f("ck_oauth_clients_secret")),
        sa.ForeignKeyConstraint(
            ["service_account_id"], ["users.id"], name=op.f("fk_oauth_clients_service_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oauth_clients")),
    )
    op.create_index("ix_oauth_clients_service_account_id", "oauth_clients", ["service_account_id"])
    op.create_table(
        "oauth_consents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("scopes", Json(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_oauth_consents_user_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["client_id"], ["oauth_clients.id"], name=op.f("fk_oauth_consents_client_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oauth_consents")),
        sa.UniqueConstraint("user_id", "client_id", name=op.f("uq_oauth_consents_user_id_client_id")),
    )
    op.create_index("ix_oauth_consents_client_id", "oauth_consents", ["client_id"])


def _create_codes() -> None:
    op.create_table(
        "oauth_codes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("redirect_uri", sa.String(500), nullable=False),
        sa.Column("challenge", sa.String(43), nullable=False),
        sa.Column("scopes", Json(), nullable=False),
        sa.Column("nonce", sa.String(500), nullable=True),
        sa.Column("key_thumbprint", sa.String(43), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.Column("given_session_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["oauth_clients.id"], name=op.f("fk_oauth_codes_client_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_oauth_codes_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oauth_codes")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_oauth_codes_code_hash")),
    )
    for column in ("client_id", "user_id", "expires_at"):
        op.create_index(f"ix_oauth_codes_{column}", "oauth_codes", [column])
    op.create_table(
        "oauth_grants",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("scopes", Json(), nullable=False),
        sa.Column("key_thumbprint", sa.String(43), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["sessions.id"], name=op.f("fk_oauth_grants_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["client_id"], ["oauth_clients.id"], name=op.f("fk_oauth_grants_client_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_oauth_grants_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oauth_grants")),
    )
    for column in ("client_id", "user_id"):
        op.create_index(f"ix_oauth_grants_{column}", "oauth_grants", [column])


def _create_pushed_requests() -> None:
    op.create_table(
        "oauth_pushed_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("uri_hash", sa.String(64), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("parameters", Json(), nullable=False),
        sa.Column("browser_hash", sa.String(64), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["oauth_clients.id"], name=op.f("fk_oauth_pushed_requests_client_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oauth_pushed_requests")),
        sa.UniqueConstraint("uri_hash", name=op.f("uq_oauth_pushed_requests_uri_hash")),
    )
    for column in ("client_id", "expires_at"):
        op.create_index(f"ix_oauth_pushed_requests_{column}", "oauth_pushed_requests", [column])


def _create_devices() -> None:
    op.create_table(
        "oauth_devices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("device_hash", sa.String(64), nullable=False),
        sa.Column("user_code_hash", sa.String(64), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("scopes", Json(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("interval_seconds", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=True),
        sa.Column("decision", sa.String(20), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("decision IN ('allowed', 'denied')", name=op.f("ck_oauth_devices_decision")),
        sa.CheckConstraint(
            "(decision IS NOT NULL) = (user_id IS NOT NULL AND session_id IS NOT NULL)", name=op.f("ck_oauth_devices_decided")
        ),
        sa.ForeignKeyConstraint(["client_id"], ["oauth_clients.id"], name=op.f("fk_oauth_devices_client_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_oauth_devices_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oauth_devices")),
        sa.UniqueConstraint("device_hash", name=op.f("uq_oauth_devices_device_hash")),
        sa.UniqueConstraint("user_code_hash", name=op.f("uq_oauth_devices_user_code_hash")),
    )
    for column in ("client_id", "user_id", "expires_at"):
        op.create_index(f"ix_oauth_devices_{column}", "oauth_devices", [column])
