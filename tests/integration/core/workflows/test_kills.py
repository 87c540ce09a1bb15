"""Processes that carry workflows are killed and stopped; others go on. Every effect in the database happens once."""

import asyncio
import random
import re
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from mainspring.core import ids
from mainspring.core.workflows.managing import WorkflowKeeper
from tests.integration.core.workflows.sagas import BookTrip, calls, effects

ROOT = Path(__file__).parents[4]
SECONDS = 60.0
KILL_ROUNDS = 10
PLACES = ("charge:before", "charge", "confirm:before", "confirm")
UNDO_PLACES = ("give_back:before", "give_back", "release:before", "release")
FEW, FEW_UNDO = ("charge", "confirm"), ("give_back",)


def slow(places, few):
    return [place if place in few else pytest.param(place, marks=pytest.mark.slow) for place in places]


@pytest.fixture
def child(database_url, tmp_path):
    """Starts a process that carries out trips with these troubles."""
    with ExitStack() as running:

        def start(*troubles):
            command = [sys.executable, "-m", "tests.integration.core.workflows.child", database_url, str(tmp_path), *troubles]
            process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            running.callback(process.stdout.close)
            running.callback(process.wait)
            running.callback(process.kill)
            return process

        yield start


async def said(process):
    """Everything that the process printed, once it is gone."""
    return (await asyncio.to_thread(process.communicate, timeout=SECONDS))[0]


async def until(claim):
    async with asyncio.timeout(SECONDS):
        while not claim():
            await asyncio.sleep(0.02)


async def states(application):
    async with application.reading() as uow:
        return [one.state for one in (await WorkflowKeeper(uow).find(limit=1000)).rows]


def begun(output, folder):
    return [BookTrip(id, str(folder)) for id in re.findall(r"^begun (\S+)$", output, re.M)]


@pytest.mark.parametrize("place", slow(PLACES, FEW))
async def test_a_killed_process_is_replaced(application, child, leases_end, work, tmp_path, place):
    process = child(f"{place}=kill-once")
    [wish] = begun(await said(process), tmp_path)

    await leases_end()
    await work()

    assert process.returncode == -signal.SIGKILL
    assert await states(application) == ["done"]
    assert await effects(application, wish) == ["reserve", "confirm"]
    assert len(set(calls(wish))) == 1


@pytest.mark.parametrize("place", slow(UNDO_PLACES, FEW_UNDO))
async def test_a_process_killed_while_undoing_is_replaced(application, child, leases_end, work, tmp_path, place):
    [wish] = begun(await said(child(f"confirm=refuse {place}=kill-once")), tmp_path)

    await leases_end()
    await work()

    assert await states(application) == ["undone"]
    assert await effects(application, wish) == ["reserve", "release"]
    assert [line.split()[0] for line in dict.fromkeys(calls(wish))] == ["charge", "give_back"]


@pytest.mark.parametrize("place", ["charge", pytest.param("confirm", marks=pytest.mark.slow)])
async def test_a_process_that_was_stopped_past_its_lease_writes_nothing_more(
    application, child, leases_end, work, tmp_path, place, dialect
):
    process = child(f"{place}=stop-once")
    await until(lambda: psutil.Process(process.pid).status() == psutil.STATUS_STOPPED)

    if place == "charge" or dialect == "postgresql":  # inside a transaction it holds SQLite's one writer, and nobody takes over
        await leases_end()
        await work()
        assert await states(application) == ["done"]
    process.send_signal(signal.SIGCONT)
    [wish] = begun(await said(process), tmp_path)

    assert process.returncode == 0
    assert await states(application) == ["done"]
    assert await effects(application, wish) == ["reserve", "confirm"]
    assert len(set(calls(wish))) == 1


async def test_a_process_that_is_told_to_end_hands_over(application, child, work, tmp_path):
    process = child("charge=stop-once")
    await until(lambda: psutil.Process(process.pid).status() == psutil.STATUS_STOPPED)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGCONT)
    [wish] = begun(await said(process), tmp_path)

    await work()

    assert await states(application) == ["done"]
    assert await effects(application, wish) == ["reserve", "confirm"]


@pytest.mark.parametrize("number", [5, pytest.param(100, marks=pytest.mark.slow)])
async def test_four_processes_that_die_among_many_workflows(application, child, leases_end, work, tmp_path, number):
    places = (*PLACES, *UNDO_PLACES)
    fates = ["", "confirm=refuse", "confirm=fail-once", "reserve=refuse", "charge=refuse"]
    troubles = [fates[one % len(fates)] for one in range(number)]
    killers = [f"confirm=refuse {place}=kill-once" if place in UNDO_PLACES else f"{place}=kill-once" for place in places]
    processes = [child(*troubles, killers[one]) for one in (1, 3, 4, 7)]
    outputs = await asyncio.gather(*(said(process) for process in processes))
    wishes = [wish for output in outputs for wish in begun(output, tmp_path)]

    for _ in range(3):
        await leases_end()
        await work()

    assert len(wishes) == 4 * (number + 1)
    assert set(await states(application)) == {"done", "undone"}
    told = dict(re.findall(r"^ended (\S+) (\S+)$", "\n".join(outputs), re.M))
    for wish in wishes:
        done = await effects(application, wish)
        assert done in ([], ["reserve", "confirm"], ["reserve", "release"]), done
        assert len(set(calls(wish))) == len({line.split()[0] for line in calls(wish)}), "the same key each time"
        if told.get(wish.trip) == "done":
            assert done == ["reserve", "confirm"]


@pytest.mark.slow
async def test_workers_finish_what_the_dead_left_within_thirty_seconds(application, child, tmp_path):
    workers = [child("work"), child("work")]
    for worker in workers:
        assert await asyncio.to_thread(worker.stdout.readline) == "working\n"
    victims = [
        child(f"{place}=kill-once", f"confirm=refuse {other}=fail-once") for place, other in zip(PLACES, UNDO_PLACES, strict=True)
    ]
    outputs = [await said(victim) for victim in victims]
    since = time.monotonic()
    wishes = [wish for output in outputs for wish in begun(output, tmp_path)]

    while {"running", "undoing", "waiting"} & set(await states(application)):
        assert time.monotonic() - since < 30
        await asyncio.sleep(0.1)

    for wish in wishes:
        assert await effects(application, wish) in ([], ["reserve", "confirm"], ["reserve", "release"])
        assert len(set(calls(wish))) == len({line.split()[0] for line in calls(wish)})


@pytest.mark.slow
async def test_workers_that_are_killed_again_and_again_lose_nothing(application, child, workflows, tmp_path):
    workers = [child("work") for _ in range(3)]
    wishes = [
        BookTrip(ids.new(), str(tmp_path), "confirm=refuse" if number % 3 == 0 else "") for number in range(KILL_ROUNDS * 20)
    ]
    started = []
    for number in range(KILL_ROUNDS):
        for wish in wishes[number * 20 : number * 20 + 20]:
            async with application.unit() as uow:
                started.append(await workflows.start(uow, wish))
        await asyncio.sleep(random.uniform(0, 1.5))
        victim = workers.pop(0)
        victim.kill()
        workers.append(child("work"))

    async with asyncio.timeout(SECONDS):
        while {"running", "undoing", "waiting"} & set(await states(application)):
            await asyncio.sleep(0.2)

    ended = [(await workflows.status(id)).state for id in started]
    assert ended == ["undone" if "refuse" in wish.trouble else "done" for wish in wishes]
    for wish in wishes:
        assert await effects(application, wish) == ["reserve", "release" if "refuse" in wish.trouble else "confirm"]
        assert len(set(calls(wish))) == len({line.split()[0] for line in calls(wish)})
