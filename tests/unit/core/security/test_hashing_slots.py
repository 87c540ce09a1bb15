"""How much is hashed at once, who waits and who is shed (D-10, ARCHITECTURE 10 n)."""

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mainspring.core.errors import Unavailable
from mainspring.core.security.hashing_slots import LONGEST_WAIT, NICENESS, SLACK, HashingSlots, cores

Opener = Callable[..., HashingSlots]
QUEUE_SECONDS = LONGEST_WAIT - SLACK


@pytest.fixture
def slots_in(tmp_path: Path) -> Iterator[Opener]:
    opened: list[HashingSlots] = []

    def opener(slots: int = 2, **options: float) -> HashingSlots:
        opened.append(HashingSlots(tmp_path, slots=slots, **options))
        return opened[-1]

    yield opener
    for slots in opened:
        slots.stop()


async def test_work_comes_back_with_its_result_or_its_error(slots_in: Opener) -> None:
    slots = slots_in()

    assert await slots.run(lambda: 42) == 42
    with pytest.raises(ZeroDivisionError):
        await slots.run(lambda: 1 // 0)


async def test_never_more_at_once_than_there_are_slots_whatever_the_number_of_processes(slots_in: Opener) -> None:
    three_processes = [slots_in() for _ in range(3)]  # locks do not ask who opened a file
    running, most, guard = 0, 0, threading.Lock()

    def work() -> None:
        nonlocal running, most
        with guard:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with guard:
            running -= 1

    await asyncio.gather(*(slots.run(work) for slots in three_processes for _ in range(6)))

    assert most == 2


async def test_what_the_queue_cannot_hold_is_shed_at_once(slots_in: Opener) -> None:
    slots = slots_in()
    slots._seconds = 2 * QUEUE_SECONDS / 8  # so eight may wait besides the two that run
    began = time.monotonic()

    answers = await asyncio.gather(*(slots.run(lambda: time.sleep(0.3)) for _ in range(40)), return_exceptions=True)

    refused = [answer for answer in answers if isinstance(answer, Unavailable)]
    assert len(refused) == 30
    assert {answer.retry_after for answer in refused} == {3}
    assert time.monotonic() - began < 20


def busy_for_a_while() -> None:
    until = time.thread_time() + 0.3
    while time.thread_time() < until:
        pass


async def test_who_may_wait_longer_finds_a_longer_queue(slots_in: Opener) -> None:
    assert slots_in(longest_wait=20.15).capacity - 2 == 20 * 2 / 0.16


async def test_the_queue_follows_what_is_measured(slots_in: Opener) -> None:
    slots = slots_in()
    before = slots.capacity

    for _ in range(3):
        await slots.run(busy_for_a_while)

    assert slots.capacity < before


async def test_nobody_waits_much_longer_than_the_queue_lasts(slots_in: Opener) -> None:
    slots = slots_in(1, longest_wait=0.5)
    hogging = asyncio.ensure_future(slots.run(lambda: time.sleep(3)))
    await asyncio.sleep(0.05)
    began = time.monotonic()

    with pytest.raises(Unavailable):
        await slots.run(lambda: None)

    assert time.monotonic() - began < 2.5
    await hogging


async def test_a_caller_who_leaves_gives_its_place_back(slots_in: Opener) -> None:
    slots = slots_in(1)
    slots._seconds = 2.0  # one may wait
    hogging = asyncio.ensure_future(slots.run(lambda: time.sleep(0.2)))
    waiting = asyncio.ensure_future(slots.run(lambda: None))
    await asyncio.sleep(0.05)

    waiting.cancel()
    await asyncio.sleep(0)

    assert await slots.run(lambda: "served") == "served"
    await hogging


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere priorities belong to whole processes")
async def test_hashing_yields_to_everything_else(slots_in: Opener) -> None:
    def niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    assert await slots_in().run(niceness) == min(19, niceness() + NICENESS)


HOLDER = """
import asyncio, os, sys, time
from pathlib import Path
from mainspring.core.security.hashing_slots import HashingSlots

async def main():
    slots = HashingSlots(Path(sys.argv[1]), slots=2)
    work = [asyncio.ensure_future(slots.run(lambda: (os.write(1, b"holding\\n"), time.sleep(60)))) for _ in range(5)]
    await asyncio.wait(work)

asyncio.run(main())
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process that holds both slots and five tickets."""
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert [process.stdout.readline(), process.stdout.readline()] == ["holding\n", "holding\n"]
            yield process
        finally:
            process.kill()


async def test_a_killed_process_leaves_no_slot_and_no_ticket_taken(slots_in: Opener, holder: "subprocess.Popen[str]") -> None:
    slots = slots_in()
    slots._seconds = QUEUE_SECONDS / 2  # six tickets: five are taken
    waiting = [asyncio.ensure_future(slots.run(lambda: "served")) for _ in range(3)]
    async with asyncio.timeout(2):
        while (refused := Counter(task.done() for task in waiting)) != {True: 2, False: 1}:
            await asyncio.sleep(0.01)

    holder.kill()

    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert refused[True] == 2
    assert answers.count("served") == 1
    assert await slots.run(lambda: "served") == "served"


def test_a_machine_has_at_least_one_core() -> None:
    assert 1 <= cores() <= (os.cpu_count() or 1)
