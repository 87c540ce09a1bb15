"""Two starts with one key at the same time: both hear of the one workflow that there is."""

import asyncio

import pytest

from mainspring.core.workflows import InputChanged
from mainspring.core.workflows.managing import WorkflowKeeper
from tests.integration.core.workflows.sagas import trip


async def begun_while_the_first_is_open(application, workflows, first_wish, second_wish):
    """The ids that two overlapping units are told."""
    async with application.unit() as uow:
        first = await workflows.start(uow, first_wish, key="k")

        async def second() -> object:
            async with application.unit() as other:
                return await workflows.start(other, second_wish, key="k")

        waiting = asyncio.create_task(second())
        await asyncio.sleep(0.2)
    return first, await asyncio.gather(waiting, return_exceptions=True)


async def test_a_start_that_comes_second_is_told_the_id_of_the_first(application, workflows, tmp_path):
    wish = trip(tmp_path)

    first, (second,) = await begun_while_the_first_is_open(application, workflows, wish, wish)

    assert second == first
    async with application.reading() as uow:
        assert (await WorkflowKeeper(uow).find()).total == 1


async def test_a_start_that_comes_second_with_another_input_is_refused(application, workflows, tmp_path):
    _, (second,) = await begun_while_the_first_is_open(application, workflows, trip(tmp_path), trip(tmp_path))

    with pytest.raises(InputChanged):
        raise second
