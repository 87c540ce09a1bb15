"""How a database would find the rows of a statement: for tests that a list is answered by an index (R-222)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mainspring.core.database import Database
    from mainspring.core.database.compiling import Compiled


async def query_plan(database: "Database", compiled: "Compiled[Any]", params: Mapping[str, Any]) -> str:
    """The plan as text. PostgreSQL is asked to avoid reading whole tables, so that a small test table shows its indexes."""
    arguments = compiled.arguments(params)
    if database.dialect == "sqlite":
        import sqlite3

        from mainspring.core.database.sqlite.connecting import path_of

        connection = sqlite3.connect(path_of(database.url))
        rows = connection.execute(f"EXPLAIN QUERY PLAN {compiled.sql}", arguments).fetchall()
        connection.close()
        return "\n".join(str(row[3]) for row in rows)
    import asyncpg

    from mainspring.core.database.postgresql.database import driver_url

    server = await asyncpg.connect(driver_url(database.url))
    try:
        await server.execute("SET enable_seqscan = off")
        await server.execute("SET enable_bitmapscan = off")
        return "\n".join(row[0] for row in await server.fetch(f"EXPLAIN {compiled.sql}", *arguments))
    finally:
        await server.close()


def is_answered_by_index(plan: str) -> bool:
    """Whether no row is sorted and no whole table is read."""
    return not any(word in plan for word in ("TEMP B-TREE", "Sort", "Seq Scan")) and ("INDEX" in plan or "Index" in plan)
