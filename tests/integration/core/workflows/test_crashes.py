"""A process dies anywhere in a workflow: another one carries it to its end, with every effect in the database once."""

import asyncio
from collections import Counter

import pytest

from mainspring.core import clock
from mainspring.core.application import create_application
from mainspring.core.workflows import Workflows
from mainspring.core.workflows.managing import WorkflowKeeper
from tests.integration.core.workflows.sagas import PAUSES, Died, Pause, SoldOut, calls, effects, trip

PLACES = ("reserve:before", "reserve", "charge:before", "charge", "confirm:before", "confirm")
UNDO_PLACES = ("give_back:before", "give_back", "release:before", "release")


async def the_one(application):
    async with application.reading() as uow:
        [instance] = (await WorkflowKeeper(uow).find()).rows
        return instance


@pytest.mark.parametrize("place", PLACES[2:])
async def test_it_goes_on_where_it_stopped(application, workflows, leases_end, work, tmp_path, place):
    wish = trip(tmp_path, f"{place}=die-once")
    with pytest.raises(Died):
        await workflows.run(wish)

    await leases_end()
    await work()

    assert (await the_one(application)).state == "done"
    assert await effects(application, wish) == ["reserve", "confirm"]
    made = calls(wish)
    assert len(made) == (1 if place == "charge:before" else 2), "its memo is written with the next step"
    assert len(set(made)) == 1, "a call that is made again has the same key"


@pytest.mark.parametrize("place", PLACES[:2])
async def test_what_died_in_its_first_step_never_was(application, workflows, leases_end, work, tmp_path, place):
    wish = trip(tmp_path, f"{place}=die-once")
    with pytest.raises(Died):
        await workflows.run(wish)

    await leases_end()
    await work()

    assert await effects(application, wish) == []


@pytest.mark.parametrize("place", PLACES)
async def test_what_was_started_is_carried_on_wherever_it_dies(application, workflows, tmp_path, place):
    wish = trip(tmp_path, f"{place}=die-once")
    async with application.unit() as uow:
        id = await workflows.start(uow, wish)
    job_id = (await workflows.status(id)).job_id
    with pytest.raises(Died):
        await workflows.carry(id, job_id)

    await workflows.carry(id, job_id)

    assert (await workflows.status(id)).state == "done"
    assert await effects(application, wish) == ["reserve", "confirm"]
    assert len(set(calls(wish))) == 1


@pytest.mark.parametrize("place", UNDO_PLACES)
async def test_undoing_goes_on_where_it_stopped(application, workflows, leases_end, work, tmp_path, place):
    wish = trip(tmp_path, f"confirm=refuse {place}=die-once")
    with pytest.raises(Died):
        await workflows.run(wish)

    await leases_end()
    await work()

    instance = await the_one(application)
    assert instance.state == "undone"
    assert instance.error["code"] == "sagas.sold_out"
    assert await effects(application, wish) == ["reserve", "release"]
    assert Counter(line.split()[0] for line in set(calls(wish))) == {"charge": 1, "give_back": 1}


async def test_the_refusal_is_the_same_after_a_replay(application, workflows, leases_end, work, tmp_path):
    wish = trip(tmp_path, "confirm=refuse release:before=die-once")
    with pytest.raises(Died):
        await workflows.run(wish)
    await leases_end()
    await work()

    with pytest.raises(SoldOut) as refused:
        await workflows.outcome((await the_one(application)).id)

    assert (refused.value.seats, refused.value.details, str(refused.value)) == (3, {"seats": 3}, "There is no seat left.")


async def test_two_processes_race_for_one_workflow(application, workflows, settings, tmp_path):
    other = create_application(settings)
    await other.start()
    try:
        for _ in range(10):
            wish = trip(tmp_path)
            async with application.unit() as uow:
                id = await workflows.start(uow, wish)
            job_id = (await workflows.status(id)).job_id

            await asyncio.gather(workflows.carry(id, job_id), other.resolve(Workflows).carry(id, job_id))

            assert (await workflows.status(id)).state == "done"
            assert await effects(application, wish) == ["reserve", "confirm"]
            assert len(set(calls(wish))) == 1
    finally:
        await other.stop()


async def test_who_lost_the_workflow_writes_nothing_more(application, workflows, tmp_path):
    wish = trip(tmp_path)
    async with application.unit() as uow:
        id = await workflows.start(uow, wish)
    job_id = (await workflows.status(id)).job_id
    pause = PAUSES[wish.trip] = Pause()
    stopped = asyncio.create_task(workflows.carry(id, job_id))
    await pause.reached.wait()

    await workflows.carry(id, job_id)
    ended = await workflows.status(id)
    pause.go_on.set()
    await stopped

    assert ended.state == "done"
    assert await workflows.status(id) == ended
    assert await effects(application, wish) == ["reserve", "confirm"]


async def test_a_stale_job_carries_nothing(application, workflows, tmp_path):
    wish = trip(tmp_path)
    async with application.unit() as uow:
        id = await workflows.start(uow, wish)

    await workflows.carry(id, job_id=id)

    assert (await workflows.status(id)).epoch == 1
    assert await effects(application, wish) == []


async def test_what_a_process_carries_when_it_stops_goes_on_elsewhere_at_once(application, settings, workflows, work, tmp_path):
    other = create_application(settings)
    await other.start()
    wish = trip(tmp_path)
    pause = PAUSES[wish.trip] = Pause()
    running = asyncio.create_task(other.resolve(Workflows).run(wish))
    await pause.reached.wait()
    since = clock.now()

    await other.stop()
    await asyncio.gather(running, return_exceptions=True)
    await work()

    assert (await the_one(application)).state == "done"
    assert (clock.now() - since).total_seconds() < 14, "not only when the lease has ended"
    assert await effects(application, wish) == ["reserve", "confirm"]
