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


async def test_a_task_that_lost_its_cancellation_is_stopped_all_the_same(monkeypatch):
    monkeypatch.setattr(tasks, "CANCEL_AGAIN_SECONDS", 0.01)
    lost = []

    async def lose_one() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError as cancelled:  # as asyncio.wait_for of Python 3.11 may
            lost.append(cancelled)
        await asyncio.sleep(60)

    task = tasks.start(lose_one(), name="forgetful")
    await asyncio.sleep(0)

    await tasks.stop(task)

    assert task.cancelled()
    assert len(lost) == 1


async def test_a_loop_that_heeds_ends_although_a_cancellation_was_lost():
    async def read() -> None:
        while True:
            tasks.heed_cancellation()
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:  # as asyncio.wait_for of Python 3.11 may
                continue

    task = tasks.start(read(), name="reader")
    await asyncio.sleep(0)

    async with asyncio.timeout(5):
        await tasks.stop(task)

    assert task.cancelled()


async def test_a_clean_up_is_not_cut_short():
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(1.1)
            ended.set()

    task = tasks.start(work(), name="tidy")
    await asyncio.sleep(0)

    await tasks.stop(task)

    assert ended.is_set()
