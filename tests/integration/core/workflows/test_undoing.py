"""Undoing: in reverse, each once, again until it works, and never more than was done."""

import pytest

from mainspring.core.observability.logs import captured_logs
from mainspring.core.workflows import WorkflowStuck
from mainspring.core.workflows.errors import NotNow
from mainspring.core.workflows.managing import WorkflowKeeper
from tests.integration.core.workflows.sagas import CountedRefusal, SoldOut, calls, effects, trip


async def begun(application, workflows, wish):
    async with application.unit() as uow:
        return await workflows.start(uow, wish)


@pytest.mark.parametrize("place", ["give_back:before", "release"])
async def test_an_undo_that_fails_first_works_later(application, workflows, work, tmp_path, place):
    wish = trip(tmp_path, f"confirm=refuse {place}=fail-once")
    id = await begun(application, workflows, wish)

    await work()

    with pytest.raises(SoldOut):
        await workflows.outcome(id)
    assert await effects(application, wish) == ["reserve", "release"]
    assert [line.split()[0] for line in calls(wish)] == ["charge", "give_back"]


async def test_an_undo_that_never_works_is_stuck_and_told(application, workflows, work, tmp_path):
    wish = trip(tmp_path, "confirm=refuse release=fail")
    with captured_logs() as lines:
        id = await begun(application, workflows, wish)
        await work()

    told = [line for line in lines if line["message"] == "workflow_stuck"]
    assert [(line["workflow"], line["step"], line["reason"]) for line in told] == [
        ("sagas.book_trip", "reserve", "RuntimeError: release failed")
    ]
    with pytest.raises(WorkflowStuck):
        await workflows.outcome(id)
    async with application.reading() as uow:
        keeper = WorkflowKeeper(uow)
        assert [one.id for one in (await keeper.find(state="stuck")).rows] == [id]
        assert await keeper.stuck() == 1


async def test_a_stuck_workflow_goes_on_when_told(application, workflows, work, tmp_path):
    wish = trip(tmp_path, "confirm=fail-thrice")
    id = await begun(application, workflows, wish)
    await work()
    stuck = await workflows.status(id)

    async with application.unit() as uow:
        await WorkflowKeeper(uow).retry(id)
    await work()

    assert stuck.state == "stuck"
    assert (await workflows.status(id)).state == "done"
    assert await effects(application, wish) == ["reserve", "confirm"]
    assert len(calls(wish)) == 1


async def test_a_refusal_that_keeps_its_writes_is_kept_with_them(application, workflows, work, tmp_path):
    wish = trip(tmp_path, "confirm=count")
    id = await begun(application, workflows, wish)

    await work()

    with pytest.raises(CountedRefusal):
        await workflows.outcome(id)
    assert await effects(application, wish) == ["reserve", "confirm", "release"]


async def test_what_has_ended_is_neither_cancelled_nor_tried_again(application, workflows, work, tmp_path):
    id = await begun(application, workflows, trip(tmp_path))
    await work()

    for deed in ("retry", "cancel"):
        with pytest.raises(NotNow):
            async with application.unit() as uow:
                await getattr(WorkflowKeeper(uow), deed)(id)
