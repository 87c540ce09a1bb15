"""The connections over which jobs are claimed.

A claim need not survive a crash of the server: a row that is ready again only runs again, and the one who had it writes nothing
with its old token. So on PostgreSQL claims do not wait for the disk. The planner is kept to the indexes: its idea of a table of
jobs is always old. On SQLite it is the database itself.
"""

from dataclasses import replace

from ..database import Database, open_database

MOST_CONNECTIONS = 3
SERVER_SETTINGS = (("synchronous_commit", "off"), ("enable_seqscan", "off"))


async def open_desk(database: Database) -> Database:
    """The desk of a database. Close it when it is not the database itself."""
    if database.dialect != "postgresql":
        return database
    options = replace(database.options, pool_max=MOST_CONNECTIONS, pool_min=0, server_settings=SERVER_SETTINGS)
    desk = open_database(database.url, options)
    await desk.open()
    return desk
