"""The adapter for Kafka, with FastStream's broker for tests: this machine has no Kafka, so delivery itself is not shown here."""

from typing import Any

import orjson
from faststream.kafka import TestKafkaBroker

from mainspring.adapters.handing_over import HandingOver
from mainspring.adapters.kafka.events import KafkaEvents
from mainspring.core.events.ports import Arrived, Outgoing

URL = "kafka://one:9092,two:9092"


async def test_an_event_is_keyed_by_what_it_is_about_and_heard_by_a_group() -> None:
    arrived: list[Arrived] = []

    async def take(one: Arrived) -> None:
        arrived.append(one)

    events = KafkaEvents(URL, place="mainspring.events", group="shop")
    broker = events.hearing(HandingOver(take))
    (subscriber,) = broker.subscribers
    keys: list[Any] = []

    async with TestKafkaBroker(broker) as tested:
        events._sender = tested
        publish = tested.publish

        async def kept(*arguments: Any, **options: Any) -> None:
            keys.append(options["key"])
            await publish(*arguments, **options)

        tested.publish = kept  # type: ignore[method-assign]
        await events.send(Outgoing("id-1", "orders.OrderPaid", "order:1", orjson.dumps({"number": 1})))
        await events.send(Outgoing("id-2", "orders.OrderPaid", None, orjson.dumps({"number": 2})))

    assert [orjson.loads(one.body) for one in arrived] == [{"number": 1}, {"number": 2}]
    assert (arrived[0].source, keys) == ("mainspring.events", [b"order:1", None])
    assert (subscriber.group_id, subscriber.topic_names) == ("shop", ["mainspring.events"])


def test_several_servers_stand_in_one_address() -> None:
    assert KafkaEvents(URL, place="x", group="y")._servers == ["one:9092", "two:9092"]
