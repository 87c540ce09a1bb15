"""Jobs over RabbitMQ: a durable queue for each queue of jobs, persistent messages, publisher confirms."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from aio_pika import DeliveryMode, Message, connect
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage

from mainspring.core.jobs.carrying.ports import Handed, Ticket

from .events import amqp_url

SECONDS = 10.0


class RabbitmqJobs:
    """Carries tickets through queues named `<name>.jobs.<queue>`."""

    def __init__(self, url: str, *, name: str) -> None:
        self._url, self._name = amqp_url(url), name
        self._connection: AbstractConnection | None = None
        self._channel: AbstractChannel | None = None
        self._declared: set[str] = set()
        self._connecting = asyncio.Lock()

    async def send(self, tickets: Sequence[Ticket]) -> None:
        """Publish them through the default exchange and wait for every confirmation."""
        try:
            async with asyncio.timeout(SECONDS):
                channel = await self._sending()
                for queue in {ticket.queue for ticket in tickets} - self._declared:
                    await channel.declare_queue(self._named(queue), durable=True)
                    self._declared.add(queue)
                await asyncio.gather(*(self._publish(channel, ticket) for ticket in tickets))
        except BaseException:
            await self.close()
            raise

    async def receive(self, queues: Sequence[str], most: int, hand: Callable[[Handed], None], ready: Callable[[], None]) -> None:
        """Consume all the queues on one channel, which limits what is not acknowledged."""
        connection = await connect(self._url, timeout=SECONDS)

        async def take(message: AbstractIncomingMessage) -> None:
            try:
                ticket = Ticket.read(message.body)
            except ValueError:
                await message.reject()
                return
            hand(Handed(ticket, message.ack))

        async with connection:
            channel = await connection.channel()
            await channel.set_qos(prefetch_count=most, global_=True)
            for queue in queues:
                declared = await channel.declare_queue(self._named(queue), durable=True)
                await declared.consume(take)
            ready()
            ends: Any = (connection.closed(), channel.closed())  # futures, which their types do not say
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            raise ConnectionError("RabbitMQ closed the connection")

    async def waiting(self, queue: str) -> int:
        """What RabbitMQ has ready in the queue."""
        try:
            async with asyncio.timeout(SECONDS):
                channel = await self._sending()
                declared = await channel.declare_queue(self._named(queue), durable=True)
                return declared.declaration_result.message_count or 0
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Close the connection for sending; the next use opens it again."""
        connection, self._connection, self._channel = self._connection, None, None
        self._declared.clear()
        if connection is not None and not connection.is_closed:
            await connection.close()

    async def _sending(self) -> AbstractChannel:
        async with self._connecting:
            if self._channel is None or self._channel.is_closed:
                self._connection = await connect(self._url, timeout=SECONDS)
                self._channel = await self._connection.channel(on_return_raises=True)
        return self._channel

    async def _publish(self, channel: AbstractChannel, ticket: Ticket) -> None:
        message = Message(ticket.written(), delivery_mode=DeliveryMode.PERSISTENT, content_type="application/json")
        await channel.default_exchange.publish(message, routing_key=self._named(ticket.queue), mandatory=True)

    def _named(self, queue: str) -> str:
        return f"{self._name}.jobs.{queue}"
