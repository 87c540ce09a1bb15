"""Removes what a test left at a broker: everything whose name begins with its place."""

from collections.abc import Awaitable, Callable

import nats
from aio_pika import connect
from redis.asyncio import Redis

from mainspring.adapters.rabbitmq.events import amqp_url

QUEUES = ("default", "wide", "metal", "upkeep", "relay", "mail", "workflows", "slow")


async def remove_from_rabbitmq(url: str, name: str) -> None:
    connection = await connect(amqp_url(url))
    async with connection:
        channel = await connection.channel()
        for queue in ("shop", *(f"jobs.{queue}" for queue in QUEUES)):
            await channel.queue_delete(f"{name}.{queue}")
        await channel.exchange_delete(name)


async def remove_from_nats(url: str, name: str) -> None:
    client = await nats.connect(url)
    streams = client.jetstream()
    for stream in await streams.streams_info():
        if (stream.config.name or "").startswith(name.replace(".", "_").upper()):
            await streams.delete_stream(stream.config.name or "")
    await client.close()


async def remove_from_redis(url: str, name: str) -> None:
    async with Redis.from_url(url) as redis:
        async for key in redis.scan_iter(f"{name}*"):
            await redis.delete(key)


REMOVE: dict[str, Callable[[str, str], Awaitable[None]]] = {
    "rabbitmq": remove_from_rabbitmq,
    "nats": remove_from_nats,
    "redis": remove_from_redis,
}
