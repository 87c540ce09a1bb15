"""Running a workflow here and now: its answer, its refusals, what it leaves."""

from datetime import timedelta

import pytest

from mainspring.core import ids
from mainspring.core.workflows import InputChanged, StillRunning, WorkflowStuck
from mainspring.core.workflows.managing import WorkflowKeeper
from tests.integration.core.workflows.sagas import BookTrip, Seat, SoldOut, Ticket, calls, effects, trip


async def test_the_steps_happen_once_and_their_answers_are_typed(application, workflows, tmp_path):
    wish = trip(tmp_path)

    ticket = await workflows.run(wish)

    assert isinstance(ticket, Ticket)
    assert ticket.seat == Seat(wish.trip, 7)
    assert await effects(application, wish) == ["reserve", "confirm"]
    assert calls(wish) == [f"charge {ticket.paid}"]


async def test_a_refusal_undoes_the_finished_steps_in_reverse(application, workflows, tmp_path):
    wish = trip(tmp_path, "confirm=refuse")

    with pytest.raises(SoldOut) as refused:
        await workflows.run(wish)

    assert refused.value.details == {"seats": 3}
    assert refused.value.seats == 3
    assert await effects(application, wish) == ["reserve", "release"]
    assert [line.split()[0] for line in calls(wish)] == ["charge", "give_back"]


async def test_a_refusal_of_the_first_step_leaves_nothing(application, workflows, tmp_path):
    wish = trip(tmp_path, "reserve=refuse")

    with pytest.raises(SoldOut):
        await workflows.run(wish)

    assert await effects(application, wish) == []
    async with application.reading() as uow:
        assert (await WorkflowKeeper(uow).find()).total == 0


async def test_a_refusal_with_a_key_is_kept(application, workflows, tmp_path):
    wish = trip(tmp_path, "reserve=refuse-once")

    for _ in range(2):
        with pytest.raises(SoldOut) as refused:
            await workflows.run(wish, key="k")
        assert refused.value.seats == 3

    assert await effects(application, wish) == []


async def test_a_failing_step_is_tried_again_and_the_caller_waits(application, workflows, work, tmp_path):
    wish = trip(tmp_path, "confirm=fail-once")

    with pytest.raises(StillRunning) as goes_on:
        await workflows.run(wish, wait=timedelta(milliseconds=300))
    await work()

    ticket = await workflows.outcome(goes_on.value.id)
    assert await effects(application, wish) == ["reserve", "confirm"]
    assert calls(wish) == [f"charge {ticket.paid}"]


async def test_a_workflow_that_fails_too_often_is_stuck_and_goes_on_when_told(application, workflows, work, tmp_path):
    wish = trip(tmp_path, "confirm=fail")
    async with application.unit() as uow:
        id = await workflows.start(uow, wish)
    await work()
    stuck = await workflows.status(id)
    with pytest.raises(WorkflowStuck):
        await workflows.outcome(id)

    (tmp_path / "mended").touch()
    async with application.unit() as uow:
        await WorkflowKeeper(uow).cancel(id)
    await work()

    assert (stuck.state, stuck.step, stuck.trouble) == ("stuck", "confirm", "RuntimeError: confirm failed")
    assert (await workflows.status(id)).state == "undone"
    assert await effects(application, wish) == ["reserve", "release"]


async def test_one_workflow_for_one_key(application, workflows, tmp_path):
    wish = trip(tmp_path)

    first = await workflows.run(wish, key="k")
    second = await workflows.run(wish, key="k")

    assert first == second
    assert await effects(application, wish) == ["reserve", "confirm"]
    with pytest.raises(InputChanged):
        await workflows.run(trip(tmp_path), key="k")


async def test_what_is_started_in_a_unit_that_fails_never_runs(application, workflows, work, tmp_path):
    wish = BookTrip(ids.new(), str(tmp_path))

    with pytest.raises(RuntimeError):
        async with application.unit() as uow:
            await workflows.start(uow, wish)
            raise RuntimeError
    await work()

    assert await effects(application, wish) == []
