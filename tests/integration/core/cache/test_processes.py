"""Several processes on one cache: writers see their change at once, others within a second, a killed one blocks nobody."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from mainspring.core.application import Application
from mainspring.core.cache import Cache
from mainspring.core.settings import Settings
from tests.integration.core.cache.notes import NoteService

ROOT = Path(__file__).parents[4]
WITHIN = 1.0  # seconds


class Process:
    """One that is led by its input."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        command = [sys.executable, "-m", "tests.integration.core.cache.process"]
        arguments = [settings.database_url, str(folder), settings.redis_url or ""]
        self.process = subprocess.Popen(
            [*command, *arguments], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def tell(self, words: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{words}\n")
        self.process.stdin.flush()

    async def answer(self) -> Any:
        assert self.process.stdout is not None
        return json.loads(await asyncio.to_thread(self.process.stdout.readline))

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()


@pytest.fixture
def started(settings: Settings, tmp_path: Path) -> Iterator[Callable[[], Process]]:
    with ExitStack() as running:

        def start() -> Process:
            process = Process(settings, tmp_path)
            running.callback(process.end)
            return process

        yield start


@pytest.mark.parametrize("writes", [150, pytest.param(10_000, marks=pytest.mark.full)])
async def test_a_writer_never_reads_stale_and_others_for_a_second_at_most(
    notes: Application, store: str, started: Callable[[], Process], writes: int
) -> None:
    async with notes.unit() as uow:
        id = (await NoteService(uow).add("0")).id
    writer, watcher = started(), started()
    assert [await one.answer() for one in (writer, watcher)] == ["ready", "ready"]

    watcher.tell(f"watch {id}")
    writer.tell(f"write {id} 1 {writes // 2}")
    first = await writer.answer()
    await asyncio.sleep(1.5)  # a pause in which the last text is served from memory
    writer.tell(f"write {id} {writes // 2 + 1} {writes - writes // 2}")
    second = await writer.answer()
    await asyncio.sleep(1.5)
    watcher.tell("end")
    watched = await watcher.answer()

    assert first["stale"] + second["stale"] == 0
    commits = {int(number): at for number, at in (first["commits"] | second["commits"]).items()}
    assert len(commits) == writes
    late = {text: at - commits[int(text) + 1] for text, at in watched["seen"].items() if int(text) < writes}
    assert max(late.values()) <= WITHIN
    assert watched["seen"][str(writes)] > commits[writes]  # and the last one came
    assert watched["reads"] > 2 * watched["loads"]  # it was the cache that answered


async def test_a_process_that_is_killed_while_it_loads_blocks_others_for_its_lease_at_most(
    notes: Application, store: str, started: Callable[[], Process]
) -> None:
    id = UUID(int=7)
    killed = started()
    assert await killed.answer() == "ready"
    killed.tell(f"stall {id}")
    assert await killed.answer() == "loading"
    killed.end()

    async def load() -> str:
        return "loaded"

    began = time.monotonic()
    answer = await notes.resolve(Cache).load(f"stalled {id}", load, of=str)

    assert answer == "loaded"
    assert time.monotonic() - began < 1.0 + 3.0  # a lease of a second, and a busy machine
