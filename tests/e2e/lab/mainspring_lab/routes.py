"""The trials over REST, open to everybody."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Query
from fastapi.sse import EventSourceResponse
from pydantic import BaseModel

from mainspring.core.http import ReadUnit, Router
from mainspring.core.security.guard import public

from .repository import sleep_in_database

router = Router(prefix="/lab", tags=["lab"], dependencies=[public])


class Tick(BaseModel):
    """The number of an event."""

    number: int


@router.get("/events", response_class=EventSourceResponse)
async def events() -> AsyncIterator[Tick]:
    """Five numbers a second, for ever."""
    number = 0
    while True:
        yield Tick(number=number)
        number += 1
        await asyncio.sleep(0.2)


@router.get("/slow")
async def slow(seconds: Annotated[float, Query(ge=0, le=4)], uow: ReadUnit) -> Tick:
    """A read that takes so long."""
    return Tick(number=await sleep_in_database(uow, seconds))
