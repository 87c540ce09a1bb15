"""A process with the notes of the tests: `python -m tests.integration.core.cache.process URL FOLDER REDIS`, led by its input.

`write ID FIRST COUNT` changes a note so often and reads it each time; `watch ID` reads it until `end`, and tells the last moment
at which it saw each text; `stall ID` begins to load and does not end.
"""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import uvloop

from mainspring.core.application import Application, create_application
from mainspring.core.cache import Cache
from mainspring.testing.databases import settings_for
from tests.integration.core.cache.notes import NoteService


def say(value: Any) -> None:
    sys.stdout.write(f"{json.dumps(value)}\n")
    sys.stdout.flush()


async def read(application: Application, id: UUID) -> str:
    async with application.reading() as uow:
        note = await NoteService(uow).get(id)
    assert note is not None
    return note.text


async def write(application: Application, id: UUID, first: int, count: int) -> None:
    """Each change with the moment of its commit, and how many reads did not see it."""
    stale, commits = 0, {}
    for number in range(first, first + count):
        async with application.unit() as uow:
            await NoteService(uow).change(id, str(number))
        commits[number] = time.monotonic()
        stale += await read(application, id) != str(number)
    say({"stale": stale, "commits": commits})


async def watch(application: Application, id: UUID, end: asyncio.Event) -> None:
    seen: dict[str, float] = {}
    reads = 0
    while not end.is_set():
        began = time.monotonic()
        seen[await read(application, id)] = began
        reads += 1
        await asyncio.sleep(0.0005)
    say({"seen": seen, "reads": reads, "loads": NoteService.loads})


async def stall(application: Application, id: UUID) -> None:
    async def never() -> str:
        say("loading")
        await asyncio.Event().wait()
        return ""

    await application.resolve(Cache).load(f"stalled {id}", never, of=str)


async def obey(url: str, folder: Path, redis: str) -> None:
    environment = {"REDIS_URL": redis, "CACHE__LEASE": "1s"} if redis else {}
    application = create_application(settings_for(url, folder, environment))
    await application.start()
    end = asyncio.Event()
    watching: asyncio.Task[None] | None = None
    say("ready")
    while words := (await asyncio.to_thread(sys.stdin.readline)).split():
        match words:
            case ["write", id, first, count]:
                await write(application, UUID(id), int(first), int(count))
            case ["watch", id]:
                watching = asyncio.create_task(watch(application, UUID(id), end))
            case ["end"] if watching is not None:
                end.set()
                await watching
            case ["stall", id]:
                await stall(application, UUID(id))
    await application.stop()


if __name__ == "__main__":
    uvloop.run(obey(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))
