import asyncio

import pytest

from mainspring.core import tasks


async def test_the_failure_of_a_task_reaches_the_log_and_whoever_waits(caplog):
    async def fail() -> None:
        raise RuntimeError("no room")

    task = tasks.start(fail(), name="storekeeper")

    with pytest.raises(RuntimeError, match="no room"):
        await task
    await asyncio.sleep(0)
    assert "task storekeeper failed" in caplog.text
    assert task not in tasks.RUNNING


async def test_a_stopped_task_has_ended_and_says_nothing(caplog):
    task = tasks.start(asyncio.sleep(60), name="sleeper")

    await tasks.stop(task)

    assert task.cancelled()
    assert caplog.text == ""
