"""Events over NATS JetStream: subjects `<place>.<event>` in a stream, one durable consumer for each program that hears."""

import asyncio
from collections.abc import Sequence
from typing import Any

from faststream import AckPolicy
from faststream.nats import JStream, NatsBroker, PullSub
from nats.js.api import ConsumerConfig, DeliverPolicy
from nats.js.client import JetStreamContext
from nats.js.errors import BadRequestError, NotFoundError

from mainspring.adapters.handing_over import HandingOver, as_it_is
from mainspring.core.events.cloud import CONTENT_TYPE
from mainspring.core.events.ports import Arrived, Outgoing, Take

ID_HEADER = "Nats-Msg-Id"
FOR_EVER = -1
ACK_SECONDS = 15.0


class NatsEvents:
    """Both directions. `place` is the first part of every subject, `group` the program that hears."""

    def __init__(self, url: str, *, place: str, group: str) -> None:
        self._url, self._place = url, place
        self._stream = place.replace(".", "_").upper()
        self._durable = group.replace(".", "_").replace(" ", "_")
        self._sender: NatsBroker | None = None
        self._connecting = asyncio.Lock()

    async def send(self, event: Outgoing) -> None:
        """Publish it and wait until the stream has it; the stream itself drops what comes twice within its window."""
        broker = self._sender or await self._connected()
        await broker.publish(
            event.body,
            f"{self._place}.{event.name}",
            headers={ID_HEADER: event.id, "content-type": CONTENT_TYPE},
            stream=self._stream,
        )

    async def listen(self, names: Sequence[str], take: Take) -> None:
        """Read the stream from its beginning, one message at a time."""
        broker, handing = self._broker(), HandingOver(take)

        async def handle(message: Any) -> None:
            raw = message.raw_message
            name = raw.subject.removeprefix(f"{self._place}.")
            id = (raw.headers or {}).get(ID_HEADER) or f"{self._stream}:{raw.metadata.sequence.stream}"
            await handing.hand(Arrived(message.body, self._place, id, name))

        subjects = [f"{self._place}.{name}" for name in names]
        subscriber = broker.subscriber(
            subject=subjects[0] if len(subjects) == 1 else "",
            stream=JStream(self._stream, declare=False),
            durable=self._durable,
            config=ConsumerConfig(
                ack_wait=ACK_SECONDS, max_ack_pending=1, filter_subjects=subjects if len(subjects) > 1 else None
            ),
            deliver_policy=DeliverPolicy.ALL,
            pull_sub=PullSub(batch_size=1),
            ack_policy=AckPolicy.NACK_ON_ERROR,
            decoder=as_it_is,
            no_reply=True,
        )
        subscriber(handle)
        try:
            await broker.connect()
            await self._declare(broker)
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

    async def _connected(self) -> NatsBroker:
        async with self._connecting:
            if self._sender is None:
                broker = self._broker()
                await broker.connect()
                await self._declare(broker)
                self._sender = broker
        return self._sender

    def _broker(self) -> NatsBroker:
        return NatsBroker(self._url, max_reconnect_attempts=FOR_EVER, reconnect_time_wait=1, logger=None, apply_types=False)

    async def _declare(self, broker: NatsBroker) -> None:
        streams: JetStreamContext = broker.config.connection_state.stream
        try:
            await streams.stream_info(self._stream)
        except NotFoundError:
            try:
                await streams.add_stream(name=self._stream, subjects=[f"{self._place}.>"])
            except BadRequestError:  # another process made it meanwhile
                await streams.stream_info(self._stream)
