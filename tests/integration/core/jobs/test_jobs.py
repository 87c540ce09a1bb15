"""A job from its declaration to its end (R-263, R-267)."""

import uuid
from datetime import timedelta

import pytest

from mainspring.core import clock
from mainspring.core.database import Database
from mainspring.core.jobs import GiveUp
from mainspring.core.jobs.attempts import TimedOut
from mainspring.core.security.claim_once import offer_once
from mainspring.testing.client import AppClient
from tests.integration.core.jobs.conftest import marks, row_of, states
from tests.integration.core.jobs.workshop.jobs import ORDER, RAN, Engrave, Polish, Stamp, sweep_floor


async def test_a_job_runs_after_the_commit_and_is_done(database: Database, app: AppClient) -> None:
    async with database.unit() as uow:
        uow.enqueue(Stamp("a"))
        assert await app.work() == 0

    assert await app.work() == 1

    assert (await marks(database), await states(database)) == (["a"], ["done"])


async def test_a_job_of_a_unit_that_rolls_back_never_runs(database: Database, app: AppClient) -> None:
    with pytest.raises(LookupError):
        async with database.unit() as uow:
            await offer_once(uow, "other", "x", timedelta(hours=1))
            uow.enqueue(Stamp("a"))
            raise LookupError

    assert (await app.work(), await states(database)) == (0, [])


async def test_a_failed_attempt_leaves_nothing_and_the_next_one_succeeds(database: Database, app: AppClient) -> None:
    async with database.unit() as uow:
        uow.enqueue(Stamp("a", fail=2))

    assert await app.work() == 3

    row = await row_of(database, "workshop.stamp")
    assert (row["state"], row["failures"], await marks(database)) == ("done", 2, ["a"])


async def test_a_job_that_fails_each_time_is_dead_and_tells_why(database: Database, app: AppClient) -> None:
    async with database.unit() as uow:
        uow.enqueue(Stamp("a secret", fail=9))

    with pytest.raises(ValueError, match="attempt 3"):
        await app.work()

    row = await row_of(database, "workshop.stamp")
    assert (row["state"], row["failures"], await marks(database)) == ("dead", 3, [])
    assert row["error"] == "ValueError: attempt 3 of ..."


async def test_a_job_that_gives_up_is_not_tried_again(database: Database, app: AppClient) -> None:
    async with database.unit() as uow:
        uow.enqueue(Stamp("a", how="give up"))

    with pytest.raises(GiveUp):
        await app.work()

    assert (RAN["a"], await states(database), await marks(database)) == (1, ["dead"], [])


async def test_a_job_that_snoozes_waits_and_uses_up_no_attempt(database: Database, app: AppClient) -> None:
    async with database.unit() as uow:
        uow.enqueue(Stamp("a", how="snooze"))

    await app.work()

    row = await row_of(database, "workshop.stamp")
    assert (row["state"], row["failures"], await marks(database)) == ("waiting", 0, [])
    assert timedelta(minutes=119) < row["run_at"] - clock.now() < timedelta(minutes=121)


async def test_a_job_for_later_waits(database: Database, app: AppClient) -> None:
    async with database.unit() as uow:
        uow.enqueue(Stamp("a"), delay=timedelta(hours=1))
        uow.enqueue(Stamp("b"), run_at=clock.now() - timedelta(seconds=1))

    await app.work()

    assert (await states(database), await marks(database)) == (["waiting", "done"], ["b"])


async def test_higher_priorities_go_first_and_the_oldest_of_them(database: Database, app: AppClient) -> None:
    async with database.unit() as uow:
        for text, priority in (("c", 0), ("a", 7), ("d", -1), ("b", 7)):
            uow.enqueue(Stamp(text), priority=priority)

    await app.work()

    assert ORDER == ["a", "b", "c", "d"]


async def test_a_dedup_key_adds_nothing_while_one_is_unfinished(database: Database, app: AppClient) -> None:
    for _ in range(2):
        async with database.unit() as uow:
            uow.enqueue(Stamp("a"), dedup_key="today")
    await app.work()
    async with database.unit() as uow:
        uow.enqueue(Stamp("b"), dedup_key="today")

    await app.work()

    assert ORDER == ["a", "b"]


async def test_a_timeout_is_a_failed_attempt(database: Database, app: AppClient) -> None:
    async with database.unit() as uow:
        uow.enqueue(Polish(uuid.uuid4(), 30))

    with pytest.raises(TimedOut, match=r"longer than 0\.05 s"):
        await app.work()

    assert await states(database) == ["dead"]


async def test_a_function_that_is_not_async_runs_on_a_thread(database: Database, app: AppClient) -> None:
    async with database.unit() as uow:
        uow.enqueue(sweep_floor)

    await app.work()

    assert (RAN["swept"], await states(database)) == (1, ["done"])


async def test_an_older_order_is_upgraded_and_a_newer_one_left_alone(database: Database, app: AppClient) -> None:
    async with database.unit() as uow:
        uow.enqueue(Engrave("a", 3))

    await app.work()

    assert await marks(database, "engrave") == ["a 3"]


async def test_nothing_takes_an_order_that_no_job_has(database: Database) -> None:
    async with database.unit() as uow:
        with pytest.raises(LookupError, match="no job takes UUID"):
            uow.enqueue(uuid.uuid4())
