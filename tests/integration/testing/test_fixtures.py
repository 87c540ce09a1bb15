"""The fixtures that module authors get."""

import asyncpg
import pytest
from sqlalchemy import literal, select

from mainspring.core.database import Statement

ONE = Statement(select(literal(1)), int)


async def test_a_test_gets_an_open_database_of_its_own(database, dialect):
    async with database.reading() as uow:
        assert await uow.value(ONE) == 1
    assert database.dialect == dialect


def test_settings_come_from_the_test_alone(settings, tmp_path):
    assert settings.app_env == "test"
    assert settings.data_dir == tmp_path / "data"


@pytest.mark.parametrize("round_", [1, 2])
async def test_nothing_of_one_test_is_left_for_the_next(app, round_):
    assert (await app.sign_up("only@example.com")).email == "only@example.com"


async def test_a_database_whose_tables_were_changed_is_not_handed_out_again(postgresql_template):
    with postgresql_template.copy() as changed:
        connection = await asyncpg.connect(changed)
        await connection.execute("ALTER TABLE users ADD COLUMN left_behind int")
        await connection.close()

    with postgresql_template.copy() as fresh:
        assert fresh != changed


async def test_a_used_database_is_restored_and_handed_out_again(postgresql_template):
    with postgresql_template.copy() as used:
        connection = await asyncpg.connect(used)
        before = await connection.fetchval("SELECT count(*) FROM roles")
        await connection.execute("DELETE FROM roles")
        await connection.close()

    with postgresql_template.copy() as again:
        connection = await asyncpg.connect(again)
        assert (again, await connection.fetchval("SELECT count(*) FROM roles")) == (used, before)
        await connection.close()
