"""Jobs for tests: what they do is seen in the claims of core, a table that is there on every database."""

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar
from uuid import UUID

from mainspring.core.database import UnitOfWork
from mainspring.core.jobs import Backoff, GiveUp, JobRun, Snooze, job
from mainspring.core.security.claim_once import offer_once

RAN: "Counter[str]" = Counter()
ORDER: list[str] = []
HOUR = timedelta(hours=1)
AT_ONCE = Backoff(first=timedelta(0), longest=timedelta(0), jitter=False)


@dataclass(frozen=True, slots=True)
class Stamp:
    text: str
    fail: int = 0
    how: str = ""


@job(backoff=AT_ONCE, attempts=3)
async def stamp(uow: UnitOfWork, run: JobRun, order: Stamp) -> None:
    RAN[order.text] += 1
    ORDER.append(order.text)
    await offer_once(uow, "stamp", order.text, HOUR)
    if run.attempt <= order.fail:
        raise ValueError(f"attempt {run.attempt} of {order.text}")
    if order.how == "give up":
        raise GiveUp("there is no ink")
    if order.how == "snooze" and RAN[order.text] == 1:
        raise Snooze(timedelta(hours=2))


@dataclass(frozen=True, slots=True)
class Engrave:
    version: ClassVar[int] = 2

    text: str
    depth_mm: int

    @classmethod
    def upgrade(cls, version: int, data: dict[str, object]) -> dict[str, object]:
        return {"text": data["text"], "depth_mm": 1}


@job(queue="metal")
async def engrave(uow: UnitOfWork, order: Engrave) -> None:
    await offer_once(uow, "engrave", f"{order.text} {order.depth_mm}", HOUR)


@dataclass(frozen=True, slots=True)
class Polish:
    id: UUID
    seconds: float = 0.0


@job(timeout=timedelta(milliseconds=50), attempts=1)
async def polish(order: Polish) -> None:
    await asyncio.sleep(order.seconds)


@job()
def sweep_floor() -> None:
    RAN["swept"] += 1


@dataclass(frozen=True, slots=True)
class Nothing:
    pass


ON_NOTHING: "list[Callable[[], None]]" = []


@job()
async def nothing(uow: UnitOfWork, order: Nothing) -> None:
    for told in ON_NOTHING:
        told()


HOLDING: "Counter[str]" = Counter()
MOST_AT_ONCE: "Counter[str]" = Counter()
WAITING = 0


def reset() -> None:
    """Forget what ran."""
    global WAITING
    WAITING = 0
    for counted in (RAN, HOLDING, MOST_AT_ONCE):
        counted.clear()
    ORDER.clear()
    ON_NOTHING.clear()


@contextmanager
def held(*names: str) -> Iterator[None]:
    """Count how many hold a name at once."""
    for name in names:
        HOLDING[name] += 1
        MOST_AT_ONCE[name] = max(MOST_AT_ONCE[name], HOLDING[name])
    try:
        yield
    finally:
        for name in names:
            HOLDING[name] -= 1


@dataclass(frozen=True, slots=True)
class Hold:
    pass


@job()
async def hold(order: Hold) -> None:
    with held("hold"):
        await asyncio.sleep(0.05)


@dataclass(frozen=True, slots=True)
class HoldOne:
    pass


@job(concurrency=1)
async def hold_one(order: HoldOne) -> None:
    with held("hold_one"):
        await asyncio.sleep(0.02)


@dataclass(frozen=True, slots=True)
class HoldKeyed:
    key: str


@job(concurrency_key=lambda order: order.key)
async def hold_keyed(order: HoldKeyed) -> None:
    with held("keyed", f"keyed {order.key}"):
        await asyncio.sleep(0.1)


@dataclass(frozen=True, slots=True)
class Rated:
    pass


@job(rate="2/h")
async def rated(order: Rated) -> None:
    RAN["rated"] += 1


@dataclass(frozen=True, slots=True)
class Wait:
    pass


@job()
async def wait(uow: UnitOfWork, order: Wait) -> None:
    global WAITING
    WAITING += 1
    await offer_once(uow, "waited", "a", HOUR)
    await asyncio.sleep(60)


@dataclass(frozen=True, slots=True)
class Count:
    number: int
    seconds: float = 0.01


@job()
async def count(uow: UnitOfWork, order: Count) -> None:
    await asyncio.sleep(order.seconds)
    await offer_once(uow, "count", f"{order.number:05}", HOUR)


@dataclass(frozen=True, slots=True)
class Deadly:
    pass


@job()
async def deadly(uow: UnitOfWork, order: Deadly) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class Apart:
    seconds: float = 0.0


@job(isolated=True, attempts=1, timeout=timedelta(seconds=2))
async def apart(uow: UnitOfWork, run: JobRun, order: Apart) -> None:
    time.sleep(order.seconds)
    await offer_once(uow, "apart", str(os.getpid()), HOUR)
