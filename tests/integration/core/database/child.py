"""A process beside the test: `python -m tests.integration.core.database.child URL DEED ARGUMENTS`.

`write` adds shelves without end and prints each name once it is committed; `take ID TIMES` takes one of an item, many times at
once, and prints how often it got one; `hold SECONDS` keeps a write unit open and prints when it has it.
"""

import asyncio
import os
import sys
from uuid import UUID

from mainspring.core.database import Database, DatabaseOptions, open_database
from tests.integration.core.database.shop import ADD_SHELF, TAKE

AT_ONCE = 16


def tell(line: str) -> None:
    os.write(1, f"{line}\n".encode())


async def write(database: Database) -> None:
    async def one_after_another(writer: int) -> None:
        number = 0
        while True:
            name = f"{os.getpid()}-{writer}-{number}"
            async with database.unit() as uow:
                await uow.one(ADD_SHELF, name=name)
            tell(name)
            number += 1

    async with asyncio.TaskGroup() as group:
        for writer in range(AT_ONCE):
            group.create_task(one_after_another(writer))


async def take(database: Database, item: str, times: str) -> None:
    async def once() -> int:
        async with database.unit() as uow:
            return await uow.run(TAKE, id=UUID(item), count=1)

    got = 0
    for _ in range(int(times) // AT_ONCE):
        got += sum(await asyncio.gather(*(once() for _ in range(AT_ONCE))))
    tell(str(got))


async def hold(database: Database, seconds: str) -> None:
    async with database.unit() as uow:
        await uow.one(ADD_SHELF, name="held")
        tell("holding")
        await asyncio.sleep(float(seconds))


async def main(url: str, deed: str, *arguments: str) -> None:
    async with open_database(url, DatabaseOptions(synchronous="FULL", acquire_timeout=20)) as database:
        await {"write": write, "take": take, "hold": hold}[deed](database, *arguments)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
