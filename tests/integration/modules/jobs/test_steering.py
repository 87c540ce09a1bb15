"""Dead jobs run again, and jobs are cancelled (R-267)."""

import asyncio
from uuid import UUID

import pytest

from mainspring.core import ids
from mainspring.core.jobs.listing import job_by_id
from mainspring.core.jobs.steering import cancel, replay

pytestmark = pytest.mark.anyio


async def state_of(database, id: UUID) -> str:
    job = await job_by_id(database.begin_reading(), id)
    assert job is not None
    return job.state


async def replayed(database, *jobs: UUID) -> int:
    async with database.unit() as uow:
        return await replay(uow, jobs)


async def test_a_dead_job_runs_again_with_all_its_attempts(app, database, add_job):
    dead = await add_job("dead", failures=3, crashes=5, track="alone", error="ValueError: no ink", payload={"text": "again"})

    assert await replayed(database, dead) == 1
    before = await job_by_id(database.begin_reading(), dead)
    await app.work()

    assert before is not None
    assert (before.state, before.failures, before.crashes, before.finished_at) == ("ready", 0, 0, None)
    assert await state_of(database, dead) == "done"
    assert await replayed(database, dead, ids.new()) == 0


async def test_a_dead_job_stays_dead_while_the_same_work_waits(database, add_job):
    dead = await add_job("dead", dedup_key="one")
    await add_job("waiting", dedup_key="one")
    other = await add_job("dead", dedup_key="two")

    assert await replayed(database, dead, other) == 1

    assert (await state_of(database, dead), await state_of(database, other)) == ("dead", "ready")


async def test_of_two_dead_jobs_with_one_dedup_key_one_runs_again(database, add_job):
    twins = [await add_job("dead", dedup_key="one") for _ in range(2)]

    assert await replayed(database, *twins) == 1


async def test_jobs_of_a_lane_run_again_one_after_another(app, database, add_job):
    first, second = [await add_job("dead", lane="a", lane_seq=seq) for seq in (1, 2)]

    assert await replayed(database, first, second) == 2
    states = await state_of(database, first), await state_of(database, second)
    await app.work()

    assert states == ("ready", "blocked")
    assert (await state_of(database, first), await state_of(database, second)) == ("done", "done")


async def test_a_replayed_job_waits_behind_the_one_of_its_lane_that_runs(app, database, add_job):
    dead = await add_job("dead", lane="a", lane_seq=1)
    running = await add_job("running", lane="a", lane_seq=2)

    assert await replayed(database, dead) == 1
    await asyncio.sleep(0.1)  # whatever looks at lanes after a commit has looked

    assert (await state_of(database, dead), await state_of(database, running)) == ("blocked", "running")
    await app.work()
    assert await state_of(database, dead) == "blocked"


async def test_a_waiting_job_is_cancelled_at_once_and_its_lane_goes_on(app, database, add_job):
    first = await add_job("ready", lane="a", lane_seq=1)
    second = await add_job("blocked", lane="a", lane_seq=2)

    async with database.unit() as uow:
        assert await cancel(uow, first)
    await app.work()

    assert (await state_of(database, first), await state_of(database, second)) == ("cancelled", "done")


async def test_what_has_ended_cannot_be_cancelled(database, add_job):
    async with database.unit() as uow:
        assert not await cancel(uow, await add_job("done"))
        assert not await cancel(uow, ids.new())


async def test_a_running_job_is_asked_to_stop(database, add_job):
    running = await add_job("running")

    async with database.unit() as uow:
        assert await cancel(uow, running)

    job = await job_by_id(database.begin_reading(), running)
    assert job is not None
    assert (job.state, job.cancel_requested) == ("running", True)
