"""Events over RabbitMQ: a durable topic exchange, the event's name as routing key, one durable queue for each program that hears.

RabbitMQ drops what no queue is bound for: bind a queue before the events are needed.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from faststream import AckPolicy
from faststream.rabbit import Channel, ExchangeType, RabbitBroker, RabbitExchange, RabbitQueue

from mainspring.adapters.handing_over import HandingOver, as_it_is
from mainspring.core.events.cloud import CONTENT_TYPE
from mainspring.core.events.ports import Arrived, Outgoing, Take

RECONNECT_SECONDS = 1.0


class RabbitmqEvents:
    """Both directions. `place` is the exchange, `group` the program that hears."""

    def __init__(self, url: str, *, place: str, group: str) -> None:
        self._url = amqp_url(url)
        self._exchange = RabbitExchange(place, type=ExchangeType.TOPIC, durable=True)
        self._queue = f"{place}.{group}"
        self._sender: RabbitBroker | None = None
        self._connecting = asyncio.Lock()

    async def send(self, event: Outgoing) -> None:
        """Publish it as persistent and wait for the broker's confirmation."""
        broker = self._sender or await self._connected()
        await broker.publish(
            event.body,
            exchange=self._exchange,
            routing_key=event.name,
            message_id=event.id,
            content_type=CONTENT_TYPE,
            persist=True,
            mandatory=False,
        )

    async def listen(self, names: Sequence[str], take: Take) -> None:
        """Bind the queue to each name and hand over one message at a time."""
        broker, handing = self._broker(Channel(prefetch_count=1)), HandingOver(take)
        queue = RabbitQueue(self._queue, durable=True, routing_key=names[0])

        async def handle(message: Any) -> None:
            raw = message.raw_message
            await handing.hand(Arrived(message.body, self._exchange.name, raw.message_id, raw.routing_key))

        subscriber = broker.subscriber(queue, self._exchange, ack_policy=AckPolicy.NACK_ON_ERROR, decoder=as_it_is, no_reply=True)
        subscriber(handle)
        try:
            await broker.connect()
            exchange = await broker.declare_exchange(self._exchange)
            declared = await broker.declare_queue(queue)
            for name in names:
                await declared.bind(exchange, routing_key=name)
            await broker.start()
            await asyncio.Event().wait()
        finally:
            handing.end()
            await broker.stop()

    async def close(self) -> None:
        """Close the connection for sending."""
        if self._sender is not None:
            await self._sender.stop()
            self._sender = None

    async def _connected(self) -> RabbitBroker:
        async with self._connecting:
            if self._sender is None:
                broker = self._broker()
                await broker.connect()
                await broker.declare_exchange(self._exchange)
                self._sender = broker
        return self._sender

    def _broker(self, channel: Channel | None = None) -> RabbitBroker:
        return RabbitBroker(
            self._url, default_channel=channel, reconnect_interval=RECONNECT_SECONDS, logger=None, apply_types=False
        )


def amqp_url(url: str) -> str:
    """The address as its client wants it: `rabbitmq://` is a name of ours for `amqp://`."""
    scheme, separator, rest = url.partition("://")
    return f"{'amqp' if scheme == 'rabbitmq' else scheme}{separator}{rest}"
