"""A read that holds its connection."""

from sqlalchemy import Double, Integer, cast, func, literal, select

from mainspring.core.database import Statement, UnitOfWork, bind

SLEEP = Statement(
    select(cast(literal(1), Integer)).select_from(func.pg_sleep(bind("seconds", Double)).alias("slept")), int, only="postgresql"
)


async def sleep_in_database(uow: UnitOfWork, seconds: float) -> int:
    """Hold a connection for so long; PostgreSQL only."""
    return await uow.one(SLEEP, seconds=seconds)
