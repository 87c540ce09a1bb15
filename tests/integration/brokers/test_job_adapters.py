"""The adapters that carry jobs, against the real brokers (R-294)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest

from mainspring.core.jobs.carrying.ports import Handed, Ticket
from tests.integration.brokers.conftest import Place
from tests.integration.brokers.door import Door

SECONDS = 60


def tickets(count: int, queue: str = "default") -> list[Ticket]:
    return [Ticket(queue, UUID(int=number), number, "default") for number in range(count)]


@asynccontextmanager
async def receiving(carrier: Any, queues: list[str], most: int = 100) -> AsyncIterator[list[Handed]]:
    handed: list[Handed] = []
    ready = asyncio.Event()
    task = asyncio.ensure_future(carrier.receive(queues, most, handed.append, ready.set))
    try:
        async with asyncio.timeout(SECONDS):
            await ready.wait()
            yield handed
    finally:
        task.cancel()
        await asyncio.wait([task])


async def until(condition: Any) -> None:
    async with asyncio.timeout(SECONDS):
        while not condition():
            await asyncio.sleep(0.02)


async def test_tickets_arrive_as_they_were_and_no_more_than_there_is_room_for(place: Place) -> None:
    carrier = place.jobs()
    await carrier.send(tickets(10))

    async with receiving(place.jobs(), ["default"], most=3) as handed:
        await until(lambda: len(handed) == 3)
        await asyncio.sleep(0.3)
        assert len(handed) == 3
        for number in range(10):
            await until(lambda: len(handed) > number)  # noqa: B023
            await handed[number].acknowledge()
    await carrier.close()

    assert [one.ticket for one in handed] == tickets(10)


async def test_what_was_not_acknowledged_goes_to_others_at_once(place: Place) -> None:
    carrier = place.jobs()
    await carrier.send(tickets(3))

    async with receiving(place.jobs(), ["default"]) as first:
        await until(lambda: len(first) == 3)
        await first[0].acknowledge()
    async with receiving(place.jobs(), ["default"]) as second:
        await until(lambda: len(second) == 2)
        for one in second:
            await one.acknowledge()
    async with receiving(place.jobs(), ["default"]) as third:
        await asyncio.sleep(0.5)
    await carrier.close()

    assert {one.ticket.priority for one in second} == {1, 2}
    assert third == []


async def test_each_worker_gets_tickets_of_its_queues_and_each_ticket_once(place: Place) -> None:
    carrier = place.jobs()

    async with receiving(place.jobs(), ["default"]) as first, receiving(place.jobs(), ["default", "wide"]) as second:
        await carrier.send([*tickets(20), *tickets(5, "wide")])
        await until(lambda: len(first) + len(second) == 25)
        await asyncio.sleep(0.2)
        for one in (*first, *second):
            await one.acknowledge()
    await carrier.close()

    assert len(first) + len(second) == 25
    assert {one.ticket.queue for one in first} <= {"default"}
    assert len({(one.ticket.queue, one.ticket.job) for one in (*first, *second)}) == 25


async def test_tickets_that_nobody_got_are_counted(place: Place) -> None:
    carrier = place.jobs()
    assert await carrier.waiting("default") == 0

    await carrier.send(tickets(5))
    assert await carrier.waiting("default") == 5
    async with receiving(place.jobs(), ["default"], most=2) as handed:
        await until(lambda: len(handed) == 2)
        assert await carrier.waiting("default") == 3
    await carrier.close()


async def test_a_lost_broker_is_told_to_whoever_sends_or_receives_and_found_again(place: Place) -> None:
    async with Door(place.url) as door:
        carrier, receiver = place.jobs(door.url), place.jobs(door.url)
        ready = asyncio.Event()
        task = asyncio.ensure_future(receiver.receive(["default"], 10, lambda handed: None, ready.set))
        await asyncio.wait_for(ready.wait(), SECONDS)
        await carrier.send(tickets(1))

        await door.shut()

        with pytest.raises(Exception):  # noqa: B017, PT011  each client has its own
            await asyncio.wait_for(task, SECONDS)
        with pytest.raises(Exception):  # noqa: B017, PT011
            await asyncio.wait_for(carrier.send(tickets(1)), SECONDS)
        await door.open()
        await carrier.send(tickets(1))
        await carrier.close()


@pytest.mark.parametrize("body", [b"", b"no JSON", b"[]", b'{"queue": "default"}', b'{"queue": 1, "job": 5, "priority": "x"}'])
def test_what_is_no_ticket_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        Ticket.read(body)
