"""One load for all who ask at the same time."""

import asyncio

import pytest

from mainspring.core.cache.flights import Flights

KEY = ("key", (0,))


async def test_five_hundred_askers_load_once() -> None:
    flights, loads = Flights(), 0

    async def load() -> int:
        nonlocal loads
        loads += 1
        await asyncio.sleep(0.01)
        return loads

    answers = await asyncio.gather(*(flights.join(KEY, load) for _ in range(500)))

    assert loads == 1
    assert {answer for answer, _ in answers} == {1}
    assert [is_ours for _, is_ours in answers].count(True) == 1
    assert list(flights) == []


async def test_an_error_reaches_all_and_the_next_asker_loads_again() -> None:
    flights, loads = Flights(), 0

    async def load() -> None:
        nonlocal loads
        loads += 1
        await asyncio.sleep(0.01)
        raise ValueError("it failed")

    answers = await asyncio.gather(*(flights.join(KEY, load) for _ in range(10)), return_exceptions=True)

    assert all(isinstance(answer, ValueError) for answer in answers)
    assert loads == 1
    with pytest.raises(ValueError, match="it failed"):
        await flights.join(KEY, load)
    assert loads == 2


async def test_when_the_one_who_loads_is_cancelled_another_loads() -> None:
    flights, begun = Flights(), []

    async def load(name: str) -> str:
        begun.append(name)
        await asyncio.sleep(0.05)
        return name

    first = asyncio.create_task(flights.join(KEY, lambda: load("first")))
    await asyncio.sleep(0.01)
    others = [asyncio.create_task(flights.join(KEY, lambda: load("other"))) for _ in range(5)]
    await asyncio.sleep(0.01)
    first.cancel()

    answers = await asyncio.gather(*others)

    assert begun == ["first", "other"]
    assert {answer for answer, _ in answers} == {"other"}
    assert first.cancelled()


async def test_one_who_waits_may_leave_without_ending_the_load() -> None:
    flights = Flights()

    async def load() -> str:
        await asyncio.sleep(0.05)
        return "answer"

    first = asyncio.create_task(flights.join(KEY, load))
    await asyncio.sleep(0)
    second = asyncio.create_task(flights.join(KEY, load))
    await asyncio.sleep(0.01)
    second.cancel()

    assert await first == ("answer", True)
    with pytest.raises(asyncio.CancelledError):
        await second
