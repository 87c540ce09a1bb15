"""What the mailroom does: marks in the claims of core, a table that is there on every database."""

from collections import Counter
from datetime import timedelta

from mainspring.core.database import UnitOfWork
from mainspring.core.events import Delivery, subscribe
from mainspring.core.jobs import Backoff, JobRun
from mainspring.core.security.claim_once import offer_once

from .events import BellRang, BoxEmptied, BoxEvent, LetterPosted, ParcelWeighed

RAN: "Counter[str]" = Counter()
FAILING: set[str] = set()
HOUR = timedelta(hours=1)
AT_ONCE = Backoff(first=timedelta(0), longest=timedelta(0), jitter=False)


async def mark(uow: UnitOfWork, purpose: str, text: str) -> None:
    await offer_once(uow, purpose, text, HOUR)


@subscribe(LetterPosted, backoff=AT_ONCE, attempts=3)
async def deliver(uow: UnitOfWork, run: JobRun, posted: LetterPosted) -> None:
    text = f"{posted.box} {posted.number}"
    RAN[text] += 1
    await mark(uow, "deliver", text)
    if text in FAILING and run.attempt == 1:
        raise ValueError(text)


@subscribe(BoxEvent)
async def count(uow: UnitOfWork, happened: BoxEvent) -> None:
    await mark(uow, "count", f"{happened.box} {happened.number} {type(happened).__name__}")


@subscribe(BoxEmptied, LetterPosted)
async def file_away(uow: UnitOfWork, happened: BoxEvent, delivery: Delivery) -> None:
    await mark(uow, "file_away", f"{delivery.id} {delivery.name} {delivery.about} {delivery.data['number']}")


@subscribe(ParcelWeighed)
async def charge(uow: UnitOfWork, weighed: ParcelWeighed) -> None:
    await mark(uow, "charge", f"{weighed.parcel_id} {weighed.grams}")


@subscribe(BellRang)
async def answer(uow: UnitOfWork, rang: BellRang) -> None:
    await mark(uow, "answer", str(rang.times))
