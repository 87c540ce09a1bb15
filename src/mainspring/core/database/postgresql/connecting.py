"""Making connections: whole, or not at all."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from ...tasks import to_the_end

if TYPE_CHECKING:
    import asyncpg


async def connected(connect: Callable[[], Awaitable["asyncpg.Connection[Any]"]]) -> "asyncpg.Connection[Any]":
    """A new connection. A cancellation waits for it and cuts it: half a handshake would outlive the event loop."""
    made: list[asyncpg.Connection[Any]] = []

    async def make() -> None:
        made.append(await connect())

    try:
        await to_the_end(make())
    except asyncio.CancelledError:
        for connection in made:
            connection.terminate()
        raise
    return made[0]
