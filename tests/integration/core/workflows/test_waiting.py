"""Timers, messages from outside, deadlines and cancellation: a workflow that waits is only a row."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from mainspring.core import ids
from mainspring.core.database import Statement
from mainspring.core.jobs.models import Job
from mainspring.core.workflows import DeadlinePassed, StillRunning, WorkflowCancelled, WorkflowNotFound
from mainspring.core.workflows.managing import WorkflowKeeper
from tests.integration.core.workflows.sagas import (
    Answer,
    CountToThree,
    HurriedTrip,
    WaitBriefly,
    WaitForAnswer,
    calls,
    effects,
)

JOBS = Statement(select(Job.state).where(Job.name == "workflows.carry", Job.finished_at.is_(None)), str)


async def begun(application, workflows, wish):
    async with application.unit() as uow:
        return await workflows.start(uow, wish)


async def send(application, workflows, id, accepted=True):
    async with application.unit() as uow:
        return await workflows.signal(uow, id, "answer", Answer(accepted))


async def test_a_message_wakes_the_workflow(application, workflows, work, tmp_path):
    wish = WaitForAnswer(ids.new(), str(tmp_path))
    id = await begun(application, workflows, wish)
    await work()
    waiting = await workflows.status(id)
    async with application.reading() as uow:
        jobs = await uow.all(JOBS)

    await send(application, workflows, id)
    await work()

    assert (waiting.state, waiting.waiting_for, jobs) == ("waiting", "answer", ["waiting"])
    assert await workflows.outcome(id) == "accepted"
    assert await effects(application, wish) == ["ask", "accept"]


async def test_a_message_that_came_before_anybody_waited_is_kept(application, workflows, work, tmp_path):
    wish = WaitForAnswer(ids.new(), str(tmp_path))
    id = await begun(application, workflows, wish)

    await send(application, workflows, id, accepted=False)
    await work()

    assert await workflows.outcome(id) == "declined"


async def test_messages_are_taken_in_their_order(application, workflows, work, tmp_path):
    id = await begun(application, workflows, WaitForAnswer(ids.new(), str(tmp_path)))
    await send(application, workflows, id, accepted=False)
    await send(application, workflows, id, accepted=True)

    await work()

    assert await workflows.outcome(id) == "declined"


async def test_a_message_of_a_unit_that_fails_is_none(application, workflows, work, tmp_path):
    id = await begun(application, workflows, WaitForAnswer(ids.new(), str(tmp_path)))
    await work()

    with pytest.raises(RuntimeError):
        async with application.unit() as uow:
            await workflows.signal(uow, id, "answer", Answer(True))
            raise RuntimeError
    await work()

    assert (await workflows.status(id)).state == "waiting"


async def test_none_comes_when_the_time_is_over(application, workflows, work, tmp_path):
    id = await begun(application, workflows, WaitForAnswer(ids.new(), str(tmp_path), timeout_ms=300))
    await work()
    await asyncio.sleep(0.31)

    await work()
    sent_late = await send(application, workflows, id)

    assert await workflows.outcome(id) == "no answer"
    assert sent_late is False


async def test_a_message_that_comes_before_the_time_was_noticed_to_be_over_counts(application, workflows, work, tmp_path):
    id = await begun(application, workflows, WaitForAnswer(ids.new(), str(tmp_path), timeout_ms=300))
    await work()
    await asyncio.sleep(0.31)

    await send(application, workflows, id)
    await work()

    assert await workflows.outcome(id) == "accepted"


async def test_messages_that_come_just_as_the_workflow_begins_to_wait_are_never_lost(application, workflows, work, tmp_path):
    wishes = [WaitForAnswer(ids.new(), str(tmp_path)) for _ in range(20)]
    instances = [await begun(application, workflows, wish) for wish in wishes]

    async def carry(id):
        await workflows.carry(id, (await workflows.status(id)).job_id)

    await asyncio.gather(*(deed for id in instances for deed in (carry(id), send(application, workflows, id))))
    await work()

    assert [await workflows.outcome(id) for id in instances] == ["accepted"] * 20
    assert [await effects(application, wish) for wish in wishes] == [["ask", "accept"]] * 20


async def test_a_message_to_nobody_is_refused(application, workflows):
    with pytest.raises(WorkflowNotFound):
        await send(application, workflows, ids.new())


async def test_the_caller_does_not_wait_for_a_workflow_that_waits(application, workflows, work, tmp_path):
    wish = WaitForAnswer(ids.new(), str(tmp_path))

    with pytest.raises(StillRunning) as goes_on:
        await workflows.run(wish)
    await send(application, workflows, goes_on.value.id)
    await work()

    assert goes_on.value.is_waiting
    assert await workflows.outcome(goes_on.value.id) == "accepted"


async def test_a_sleep_is_a_row_until_it_ends(application, workflows, work, tmp_path):
    id = await begun(application, workflows, CountToThree(ids.new(), str(tmp_path), sleep_ms=150))
    await workflows.carry(id, (await workflows.status(id)).job_id)
    asleep = await workflows.status(id)

    while (await workflows.status(id)).state != "done":
        await work()

    assert (asleep.state, asleep.step, asleep.resume_at) == ("waiting", "rest", asleep.wake_at)
    assert await workflows.outcome(id) == [1, 2, 3]
    assert (await workflows.status(id)).finished_at - asleep.created_at >= timedelta(milliseconds=450)


async def test_the_deadline_ends_a_wait(application, workflows, work, deadlines_pass, tmp_path):
    wish = WaitBriefly(ids.new(), str(tmp_path))
    id = await begun(application, workflows, wish)
    await work()
    waiting = await workflows.status(id)
    await deadlines_pass()

    await work()

    assert waiting.resume_at == waiting.deadline_at
    with pytest.raises(DeadlinePassed):
        await workflows.outcome(id)
    assert await effects(application, wish) == ["ask", "take_back"]


async def test_the_deadline_ends_the_attempts(application, workflows, work, deadlines_pass, tmp_path):
    wish = HurriedTrip(ids.new(), str(tmp_path), "confirm=fail")
    id = await begun(application, workflows, wish)
    await workflows.carry(id, (await workflows.status(id)).job_id)
    await deadlines_pass()

    await work()

    with pytest.raises(DeadlinePassed):
        await workflows.outcome(id)
    assert await effects(application, wish) == ["reserve", "release"]
    assert [line.split()[0] for line in calls(wish)] == ["charge", "give_back"]


async def test_a_call_that_nobody_knows_the_end_of_is_looked_up(application, workflows, work, deadlines_pass, tmp_path):
    wish = HurriedTrip(ids.new(), str(tmp_path), "charge=fail")
    id = await begun(application, workflows, wish)
    await workflows.carry(id, (await workflows.status(id)).job_id)
    await deadlines_pass()

    await work()

    with pytest.raises(DeadlinePassed):
        await workflows.outcome(id)
    made = calls(wish)
    assert made[-1].split()[0] == "look_up"
    assert set(made[:-1]) == {f"charge {id}:1:charge"}
    assert await effects(application, wish) == ["reserve", "release"]


async def test_a_workflow_that_waits_can_be_cancelled(application, workflows, work, tmp_path):
    wish = WaitForAnswer(ids.new(), str(tmp_path))
    id = await begun(application, workflows, wish)
    await work()

    async with application.unit() as uow:
        await WorkflowKeeper(uow).cancel(id)
    await work()

    with pytest.raises(WorkflowCancelled):
        await workflows.outcome(id)
    assert await effects(application, wish) == ["ask", "take_back"]
