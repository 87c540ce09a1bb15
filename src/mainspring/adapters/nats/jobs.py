"""Jobs over NATS JetStream: one stream that forgets what was acknowledged, one durable consumer for each queue of jobs."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error
from nats.js.api import AckPolicy, ConsumerConfig, RetentionPolicy, StreamConfig
from nats.js.client import JetStreamContext
from nats.js.errors import BadRequestError, NotFoundError

from mainspring.core import tasks
from mainspring.core.jobs.carrying.ports import Handed, Ticket

SECONDS = 10.0
ACK_SECONDS = 120.0  # longer than a worker keeps a ticket
FETCH_SECONDS = 1.0
UNLIMITED = -1


class NatsJobs:
    """Carries tickets through subjects `<name>.jobs.<queue>`."""

    def __init__(self, url: str, *, name: str) -> None:
        self._url, self._name = url, name.replace(" ", "_")
        self._stream = f"{self._name}_jobs".replace(".", "_").upper()
        self._client: Client | None = None
        self._connecting = asyncio.Lock()

    async def send(self, tickets: Sequence[Ticket]) -> None:
        """Publish them and wait until the stream has each."""
        try:
            async with asyncio.timeout(SECONDS):
                streams = await self._sending()
                await asyncio.gather(*(streams.publish(self._subject(one.queue), one.written()) for one in tickets))
        except BaseException:
            await self.close()
            raise

    async def receive(self, queues: Sequence[str], most: int, hand: Callable[[Handed], None], ready: Callable[[], None]) -> None:
        """Fetch from every queue as long as there is room."""
        client = await self._connected()
        room = Room(most)
        fetching: list[asyncio.Task[Exception | None]] = []
        try:
            streams = client.jetstream(timeout=SECONDS)
            await self._declare(streams)
            for queue in queues:
                await self._consumer(streams, queue)
                fetching.append(tasks.start(self._fetch(client, streams, queue, room, hand), name=f"NATS {queue}"))
            ready()
            ended, _ = await asyncio.wait(fetching, return_when=asyncio.FIRST_COMPLETED)
            raise ConnectionError("NATS closed the connection") from ended.pop().result()
        finally:
            room.is_closed = True
            if fetching:
                # Until a request has run out the server gives it messages, those too that are given back here.
                await asyncio.wait(fetching, timeout=FETCH_SECONDS + 1)
            await self._give_back(client, room.empty())
            await client.close()

    async def waiting(self, queue: str) -> int:
        """What no worker has fetched yet."""
        try:
            async with asyncio.timeout(SECONDS):
                streams = await self._sending()
                await self._consumer(streams, queue)
                found = await streams.consumer_info(self._stream, _durable(queue))
                return found.num_pending or 0
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Close the connection for sending; the next use opens it again."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _fetch(
        self, client: Client, streams: JetStreamContext, queue: str, room: "Room", hand: Callable[[Handed], None]
    ) -> Exception | None:
        pulled = await streams.pull_subscribe_bind(durable=_durable(queue), stream=self._stream)
        try:
            while (size := await room.wait()) and client.is_connected:
                try:
                    found = await pulled.fetch(size, timeout=FETCH_SECONDS)
                except TimeoutError:  # the client raises its own, or that of asyncio
                    continue
                for message in found:
                    room.take(message)
                    await self._hand(message, room, hand)
        except (Error, OSError) as lost:
            return lost
        return None

    async def _hand(self, message: Msg, room: "Room", hand: Callable[[Handed], None]) -> None:
        async def acknowledge() -> None:
            if room.let_go(message):
                await message.ack()

        try:
            ticket = Ticket.read(message.data)
        except ValueError:
            await acknowledge()
            return
        hand(Handed(ticket, acknowledge))

    async def _give_back(self, client: Client, left: Sequence[Msg]) -> None:
        """Let others have the messages at once."""
        with contextlib.suppress(Error, OSError, TimeoutError):  # without a connection they come again when their time is over
            for message in left:
                await message.nak()
            await client.flush(timeout=int(SECONDS))

    async def _sending(self) -> JetStreamContext:
        async with self._connecting:
            if self._client is None:
                client = await self._connected()
                await self._declare(client.jetstream(timeout=SECONDS))
                self._client = client
        return self._client.jetstream(timeout=SECONDS)

    async def _connected(self) -> Client:
        return await nats.connect(self._url, allow_reconnect=False, connect_timeout=int(SECONDS), error_cb=_told)

    async def _declare(self, streams: JetStreamContext) -> None:
        wanted = StreamConfig(name=self._stream, subjects=[self._subject(">")], retention=RetentionPolicy.WORK_QUEUE)
        try:
            await streams.stream_info(self._stream)
        except NotFoundError:
            try:
                await streams.add_stream(wanted)
            except BadRequestError:  # another process made it meanwhile
                await streams.stream_info(self._stream)

    async def _consumer(self, streams: JetStreamContext, queue: str) -> None:
        wanted = ConsumerConfig(
            durable_name=_durable(queue),
            filter_subject=self._subject(queue),
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=ACK_SECONDS,
            max_ack_pending=UNLIMITED,
        )
        try:
            await streams.consumer_info(self._stream, _durable(queue))
        except NotFoundError:
            await streams.add_consumer(self._stream, wanted)

    def _subject(self, queue: str) -> str:
        return f"{self._name}.jobs.{queue}"


class Room:
    """The messages that are not acknowledged, of which there may be `most`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: dict[int, Msg] = {}  # a message has no hash
        self._news = asyncio.Event()
        self.is_closed = False

    async def wait(self) -> int:
        """How many more there is room for, once there is any; 0 when no more are wanted."""
        while len(self._held) >= self._most and not self.is_closed:
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FETCH_SECONDS):
                    await self._news.wait()
        return 0 if self.is_closed else self._most - len(self._held)

    def take(self, message: Msg) -> None:
        """It was fetched."""
        self._held[id(message)] = message

    def let_go(self, message: Msg) -> bool:
        """It is acknowledged now; false when it was given back before."""
        if self._held.pop(id(message), None) is None:
            return False
        self._news.set()
        return True

    def empty(self) -> list[Msg]:
        """What is left."""
        left, self._held = self._held, {}
        return list(left.values())


def _durable(queue: str) -> str:
    return "queue_" + "".join(letter if letter.isalnum() or letter in "-_" else f"={ord(letter):x}=" for letter in queue)


async def _told(error: Any) -> None:
    """Whoever sends or receives gets the error; the client would print it besides."""
