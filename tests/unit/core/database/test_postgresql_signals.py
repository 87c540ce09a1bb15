"""The signals' connection leaves nothing behind when it is stopped while it connects."""

import asyncio

from mainspring.core.database.postgresql.signals import PostgresqlSignals


class Connection:
    def __init__(self) -> None:
        self.is_terminated = False

    def terminate(self) -> None:
        self.is_terminated = True


async def test_a_connection_that_is_stopped_while_it_is_made_is_cut():
    begun, made = asyncio.Event(), []

    async def connect() -> Connection:
        begun.set()
        await asyncio.sleep(0.05)
        made.append(Connection())
        return made[0]

    signals = PostgresqlSignals(connect, "test")  # type: ignore[arg-type]  # a stand-in for asyncpg's
    signals.listen(lambda words: None)
    await begun.wait()

    await signals.stop()

    assert [connection.is_terminated for connection in made] == [True]
