"""The server that tests run on is found, or started."""

import asyncpg
import pytest

from mainspring.testing import postgresql


async def version_of(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval("SELECT current_setting('server_version_num')::int"))
    finally:
        await connection.close()


async def test_a_copy_has_what_its_template_has(postgresql_server):
    with postgresql_server.database() as template:
        connection = await asyncpg.connect(template)
        await connection.execute("CREATE TABLE seen (id int); INSERT INTO seen VALUES (1)")
        await connection.close()

        with postgresql_server.database(template=template.rpartition("/")[2]) as url:
            connection = await asyncpg.connect(url)
            assert await connection.fetchval("SELECT count(*) FROM seen") == 1
            await connection.close()


async def test_without_a_server_one_is_started(monkeypatch):
    monkeypatch.delenv("TEST_DATABASE_URL", raising=False)
    monkeypatch.setattr(postgresql, "LOOPBACK", "postgresql://postgres@127.0.0.1:1/postgres")

    with postgresql.find_postgresql() as server, server.database() as url:
        assert await version_of(url) >= postgresql.OLDEST


def test_a_server_that_was_named_and_does_not_answer_is_told(monkeypatch):
    monkeypatch.setenv("TEST_DATABASE_URL", "postgresql://postgres@127.0.0.1:1/postgres")

    with pytest.raises(postgresql.NoServer, match="TEST_DATABASE_URL cannot be used"):
        postgresql.find_postgresql()
