"""Events over Kafka: one topic, keyed by what an event is about, so that a partition keeps its order."""

import asyncio
from collections.abc import Sequence
from typing import Any

from faststream import AckPolicy
from faststream.kafka import KafkaBroker

from mainspring.adapters.handing_over import HandingOver, as_it_is
from mainspring.core.events.cloud import CONTENT_TYPE
from mainspring.core.events.ports import Arrived, Outgoing, Take


class KafkaEvents:
    """Both directions. `place` is the topic, `group` the program that hears."""

    def __init__(self, url: str, *, place: str, group: str) -> None:
        self._servers = url.partition("://")[2].rstrip("/").split(",")
        self._place, self._group = place, group
        self._sender: KafkaBroker | None = None
        self._connecting = asyncio.Lock()

    async def send(self, event: Outgoing) -> None:
        """Publish it and wait until every replica in sync has it."""
        broker = self._sender or await self._connected()
        await broker.publish(
            event.body,
            self._place,
            key=None if event.key is None else event.key.encode(),
            headers={"content-type": CONTENT_TYPE, "ce_id": event.id},
        )

    async def listen(self, names: Sequence[str], take: Take) -> None:
        """Read the topic from its beginning, one message of a partition after another."""
        handing = HandingOver(take)
        broker = self.hearing(handing)
        try:
            await broker.start()
            await asyncio.Event().wait()
        finally:
            handing.end()
            await broker.stop()

    def hearing(self, handing: HandingOver) -> KafkaBroker:
        """A broker with the subscriber of `listen`, not yet started."""
        broker = self._broker()

        async def handle(message: Any) -> None:
            raw = message.raw_message
            await handing.hand(Arrived(message.body, self._place, f"{raw.topic}:{raw.partition}:{raw.offset}"))

        subscriber = broker.subscriber(
            self._place,
            group_id=self._group,
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.NACK_ON_ERROR,
            decoder=as_it_is,
            no_reply=True,
        )
        subscriber(handle)
        return broker

    async def close(self) -> None:
        """Close the connection for sending."""
        if self._sender is not None:
            await self._sender.stop()
            self._sender = None

    async def _connected(self) -> KafkaBroker:
        async with self._connecting:
            if self._sender is None:
                broker = self._broker()
                await broker.start()
                self._sender = broker
        return self._sender

    def _broker(self) -> KafkaBroker:
        return KafkaBroker(self._servers, acks="all", enable_idempotence=True, logger=None, apply_types=False)
