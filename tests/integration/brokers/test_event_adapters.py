"""The adapters of events, against the real brokers (R-290, R-294)."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import orjson

from mainspring.core.events.ports import Arrived, Outgoing
from tests.integration.brokers.conftest import Place
from tests.integration.brokers.door import Door

SECONDS = 60
NAMES = ["orders.OrderPaid", "orders.OrderCancelled"]


def event(number: int, name: str = NAMES[0]) -> Outgoing:
    body = {"specversion": "1.0", "id": f"id-{number}", "source": "shop", "type": name, "data": {"number": number}}
    return Outgoing(f"id-{number}", name, "order:1", orjson.dumps(body))


def numbers(arrived: list[Arrived]) -> list[int]:
    """Those from 1: number 0 is sent until somebody hears it."""
    return [number for one in arrived if (number := orjson.loads(one.body)["data"]["number"])]


@asynccontextmanager
async def listening(adapter: Any, take: Callable[[Arrived], Any]) -> AsyncIterator[None]:
    async def keep() -> None:
        while True:
            with suppress(Exception):
                await adapter.listen(NAMES, take)
            await asyncio.sleep(0.1)

    task = asyncio.ensure_future(keep())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(SECONDS):
        while not condition():
            await asyncio.sleep(0.02)


async def heard(sender: Any, arrived: list[Arrived]) -> None:
    """Send number 0 until somebody hears it: what RabbitMQ gets before there is a queue is lost."""
    async with asyncio.timeout(SECONDS):
        while not arrived:
            await sent_at_last(sender, event(0))
            await asyncio.sleep(0.3)


async def sent_at_last(adapter: Any, outgoing: Outgoing) -> None:
    """As a job would: again and again, until it is confirmed."""
    async with asyncio.timeout(SECONDS):
        while True:
            try:
                async with asyncio.timeout(2):
                    await adapter.send(outgoing)
                return
            except Exception:
                await asyncio.sleep(0.1)


async def test_what_is_sent_arrives_in_order_with_its_id(place: Place) -> None:
    sender, arrived = place.events(), []

    async def take(one: Arrived) -> None:
        arrived.append(one)

    async with listening(place.events(), take):
        await heard(sender, arrived)
        for number in range(1, 60):
            await sender.send(event(number, NAMES[number % 2]))
        await until(lambda: len(numbers(arrived)) == 59)
    await sender.close()

    assert numbers(arrived) == list(range(1, 60))
    assert orjson.loads(arrived[-1].body)["id"] == "id-59"
    assert len({one.id for one in arrived[-59:]}) == 59


async def test_what_was_not_taken_comes_again(place: Place) -> None:
    sender, first, second = place.events(), [], []
    stuck = asyncio.Event()

    async def take_one(one: Arrived) -> None:
        first.append(one)
        if numbers([one]):
            stuck.set()
            await asyncio.Event().wait()

    async def take_all(one: Arrived) -> None:
        second.append(one)

    async with listening(place.events(), take_one):
        await heard(sender, first)
        await sender.send(event(1))
        await sender.send(event(2))
        await until(stuck.is_set)
    async with listening(place.events(), take_all):
        await until(lambda: len(numbers(second)) >= 2)
    await sender.close()

    assert numbers(second) == [1, 2]


async def test_both_sides_find_the_broker_again(place: Place) -> None:
    arrived: list[Arrived] = []

    async def take(one: Arrived) -> None:
        arrived.append(one)

    async with Door(place.url) as door:
        sender = place.events(door.url)
        async with listening(place.events(door.url), take):
            await heard(sender, arrived)
            await door.shut()
            sending = asyncio.ensure_future(sent_at_last(sender, event(1)))
            await asyncio.sleep(0.5)
            assert not sending.done()
            await door.open()
            await sending
            await until(lambda: 1 in numbers(arrived))
        await sender.close()

    assert set(numbers(arrived)) == {1}
