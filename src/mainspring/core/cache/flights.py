"""One load for all who ask at the same time (R-234, D-38)."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from .versions import Mark

Flight = tuple[str, Mark]


class Flights:
    """Loads under way. The first who asks loads, in its own task and with its own unit of work; the others wait for the answer.

    When the first is cancelled, one of those who wait loads instead. When it fails, all get the error.
    """

    def __init__(self) -> None:
        self._waiting: dict[Flight, asyncio.Future[Any]] = {}  # Any: an answer of any type

    def __iter__(self) -> Iterator[Flight]:
        return iter(tuple(self._waiting))

    async def join(self, key: Flight, load: Callable[[], Awaitable[Any]]) -> tuple[Any, bool]:
        """The answer, and whether it was we who loaded. Whoever must not get an older answer asks under another key."""
        while (flight := self._waiting.get(key)) is not None:
            try:
                return await asyncio.shield(flight), False
            except asyncio.CancelledError:
                if not flight.cancelled():
                    raise  # we were cancelled, not the one who loads
                task = asyncio.current_task()
                if task is not None and task.cancelling():
                    raise
        flight = asyncio.get_running_loop().create_future()
        self._waiting[key] = flight
        try:
            answer = await load()
        except asyncio.CancelledError:
            flight.cancel()
            raise
        except BaseException as error:
            if isinstance(error, Exception):
                flight.set_exception(error)
                flight.exception()  # seen, also when nobody waits
            else:
                flight.cancel()
            raise
        else:
            flight.set_result(answer)
            return answer, True
        finally:
            del self._waiting[key]
