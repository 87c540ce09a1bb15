"""What the tables of the application hold, as text, and people whose address is proved."""

import asyncpg

from mainspring.core.database.postgresql.database import driver_url
from mainspring.core.database.sqlite.connecting import path_of
from mainspring.modules.users.service import UserService


async def rows_of(app, table):
    """Every row of a table, past everything that would hide some of it."""
    database = app.application.database
    if database.dialect == "sqlite":
        import sqlite3

        connection = sqlite3.connect(path_of(database.url))
        found = connection.execute(f"SELECT * FROM {table}").fetchall()
        connection.close()
        return found
    connection = await asyncpg.connect(driver_url(database.url))
    found = await connection.fetch(f"SELECT * FROM {table}")
    await connection.close()
    return [tuple(row) for row in found]


async def verified(app, user):
    """The user proved his address."""
    async with app.application.unit() as uow:
        assert await UserService(uow).verify_email(user.id, user.email)
    return user
