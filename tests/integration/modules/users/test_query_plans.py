"""The questions asked at every sign-in and every second go through indexes (R-222)."""

import re
import sqlite3

import pytest

from mainspring.core.database import Statement
from mainspring.modules.access import repository as access
from mainspring.modules.auth.repository import (
    challenges,
    credentials,
    deletions,
    email_proofs,
    passkeys,
    password_guesses,
    recovery,
    sessions,
    totp,
)
from mainspring.modules.users import repository as users

QUESTIONS = [
    (users.BY_EMAIL, "uq_users_email"),
    (users.BY_ID, "pk_users"),
    (sessions.TOKEN, "uq_refresh_tokens_token_hash"),
    (credentials.PASSWORD_OF, "uq_credentials_user_id"),
    (sessions.END_ALL, "ix_sessions_user_id"),
    (sessions.EARLIER, "ix_sessions_user_id"),
    (email_proofs.LOOK, "uq_email_proofs_token_hash"),
    (email_proofs.CLAIM, "uq_email_proofs_token_hash"),
    (password_guesses.SINCE, "ix_password_guesses_account"),
    (deletions.CANCEL, "uq_account_deletions_user_id"),
    (deletions.FIND_DUE, "ix_account_deletions_due_at"),
    (totp.OF, "uq_totp_factors_user_id"),
    (totp.GUESSES, "ix_code_guesses_user_id"),
    (recovery.USE, "uq_recovery_codes_user_id_code_hash"),
    (challenges.LOOK, "uq_mfa_challenges_token_hash"),
    (passkeys.BY_CREDENTIAL, "uq_passkeys_credential_id"),
    (passkeys.COUNT, "ix_passkeys_user_id"),
    (access.ROLES_OF, "uq_user_roles_user_id_role_id"),
    (access.GRANTS_OF, "uq_permission_grants_user_id_permission"),
    (access.PERMISSIONS_OF_ROLES, "uq_role_permissions_role_id_permission"),
]

MANY_USERS = """
    INSERT INTO users (id, email, name, is_active, email_verified, mfa_enabled, kind, created_at, updated_at, version)
    SELECT gen_random_uuid(), 'user' || n || '@example.com', 'User', true, false, false, 'person', now(), now(), 1
    FROM generate_series(1, 1000) n;
    ANALYZE users
"""


def plan_on_sqlite(path: str, statement: Statement) -> str:
    connection = sqlite3.connect(path)
    try:
        sql = statement.on("sqlite").sql
        return "\n".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", ["x"] * sql.count("?")))
    finally:
        connection.close()


@pytest.mark.parametrize(("statement", "index"), QUESTIONS, ids=[index for _, index in QUESTIONS])
async def test_a_frequent_question_scans_no_table(database, statement, index):
    if database.dialect == "sqlite":  # SQLite names the indexes of constraints itself
        plan = plan_on_sqlite(database.url.removeprefix("sqlite:///"), statement)
        assert "SEARCH" in plan
        assert {line.split()[1] for line in plan.splitlines() if line.startswith("SCAN")} <= {"json_each"}
    else:
        plan = await plan_on_postgresql(database.url, statement)
        assert index in plan
        assert "Seq Scan" not in plan


async def plan_on_postgresql(url: str, statement: Statement) -> str:
    import asyncpg

    connection = await asyncpg.connect(url)
    try:
        sql = statement.on("postgresql").sql
        arguments = ", ".join("NULL" for _ in set(re.findall(r"\$\d+", sql)))
        await connection.execute(MANY_USERS)
        await connection.execute("SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan")
        await connection.execute(f"PREPARE question AS {sql}")
        return "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN EXECUTE question ({arguments})"))
    finally:
        await connection.close()
