"""One message at a time from a broker's subscriber to whoever takes it; the one in hand is given back when listening ends."""

import asyncio
from typing import Any

from mainspring.core.events.ports import Arrived, Take


class GivenBack(Exception):
    """Listening ended while the message was in hand; the broker delivers it again."""


class HandingOver:
    """Calls `take`, and cuts the call off at the end, so that the subscriber refuses the message instead of keeping it."""

    def __init__(self, take: Take) -> None:
        self._take = take
        self._in_hand: asyncio.Task[Any] | None = None
        self._ended = False

    async def hand(self, arrived: Arrived) -> None:
        """Return when it was taken. Raises GivenBack when listening ended before."""
        if self._ended:
            raise GivenBack
        task = self._in_hand = asyncio.current_task()
        try:
            await self._take(arrived)
        except asyncio.CancelledError:
            if not self._ended or task is None:
                raise
            task.uncancel()
            raise GivenBack from None
        finally:
            self._in_hand = None

    def end(self) -> None:
        """Listening ends now."""
        self._ended = True
        if self._in_hand is not None:
            self._in_hand.cancel()


async def as_it_is(message: Any) -> Any:
    """A decoder for subscribers whose handler wants the message itself, its body undecoded."""
    return message
