"""A name that one process at a time holds, on both databases."""

import asyncio

import pytest

from mainspring.core.database import Database
from mainspring.core.locks import Duty, Lease, duty


async def test_one_holds_the_name_until_it_lets_go(database: Database) -> None:
    first, second = Lease(database, "a"), Lease(database, "a")

    assert [await first.hold(), await second.hold(), await first.hold()] == [True, False, True]
    await first.let_go()
    assert [await second.hold(), await first.hold()] == [True, False]
    assert await Lease(database, "another").hold()


async def test_whoever_is_silent_for_the_length_of_the_lease_is_succeeded(database: Database) -> None:
    first, second, third = (Lease(database, "a", seconds=0.2) for _ in range(3))
    assert await first.hold()
    assert not await second.hold()
    assert not await third.hold()
    await asyncio.sleep(0.3)

    heirs = await asyncio.gather(second.hold(), third.hold())

    assert sorted(heirs) == [False, True]
    assert not await first.hold()


async def test_a_holder_whose_beat_grows_is_never_succeeded(database: Database) -> None:
    first, second = Lease(database, "a", seconds=0.2), Lease(database, "a", seconds=0.2)

    for _ in range(5):
        assert await first.hold()
        assert not await second.hold()
        await asyncio.sleep(0.1)


async def test_a_duty_runs_in_one_place_and_moves_on(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duty, "BEAT_SECONDS", 0.02)
    at_work: list[str] = []

    def work(name: str) -> Duty:
        async def working() -> None:
            at_work.append(name)
            try:
                await asyncio.Event().wait()
            finally:
                at_work.remove(name)

        return Duty(Lease(database, "a"), working)

    first, second = work("first"), work("second")
    first.start()
    await until(at_work, ["first"])
    second.start()
    await asyncio.sleep(0.2)
    assert at_work == ["first"]

    await first.stop()

    await until(at_work, ["second"])
    await second.stop()
    assert at_work == []


async def until(found: list[str], wanted: list[str]) -> None:
    async with asyncio.timeout(30):
        while found != wanted:
            await asyncio.sleep(0.01)
