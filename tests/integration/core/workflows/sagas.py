"""Workflows for the tests. What they do in the database are rows of the audit trail, what they do outside are lines of a file."""

import asyncio
import os
import signal
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select

from mainspring.core import ids
from mainspring.core.application import Application
from mainspring.core.audit import AuditRecord
from mainspring.core.audit.models import AuditEntry
from mainspring.core.database import Statement, UnitOfWork, bind
from mainspring.core.errors import Conflict
from mainspring.core.jobs import Backoff
from mainspring.core.workflows import Call, Flow, durable

SOON = Backoff(first=timedelta(milliseconds=1), longest=timedelta(milliseconds=1), jitter=False)
EFFECTS: Statement[str] = Statement(
    select(AuditEntry.action)
    .where(AuditEntry.resource == "sagas", AuditEntry.resource_id == bind("trip", AuditEntry.resource_id))
    .order_by(AuditEntry.id),
    str,
)


class SoldOut(Conflict):
    code, message = "sagas.sold_out", "There is no seat left."

    def __init__(self, seats: int = 0) -> None:
        super().__init__(details={"seats": seats})
        self.seats = seats


class CountedRefusal(Conflict):
    code, message = "sagas.counted", "Refused, and written down."
    keep_writes = True


class Pause:
    """Holds the next call of a trip: `reached` is set by the call, `go_on` by the test."""

    def __init__(self) -> None:
        self.reached, self.go_on = asyncio.Event(), asyncio.Event()


PAUSES: dict[UUID, Pause] = {}


class Died(BaseException):
    """The process is gone: nothing of ours may answer it."""


@dataclass(frozen=True, slots=True)
class Seat:
    trip: UUID
    number: int


@dataclass(frozen=True, slots=True)
class Paid:
    key: str


@dataclass(frozen=True, slots=True)
class Answer:
    accepted: bool


@dataclass(frozen=True, slots=True)
class BookTrip:
    """`trouble` says what happens where: words `step=what` or `step:before=what`; see `meet`."""

    trip: UUID
    folder: str
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Ticket:
    trip: UUID
    seat: Seat
    paid: str


def trip(folder: Path, trouble: str = "") -> BookTrip:
    return BookTrip(ids.new(), str(folder), trouble)


async def effects(application: Application, wish: Any) -> list[str]:
    """What was done in the database, in order."""
    async with application.reading() as uow:
        return await uow.all(EFFECTS, trip=str(wish.trip))


def calls(wish: Any) -> list[str]:
    """What was done outside: lines `what key`."""
    file = Path(wish.folder) / str(wish.trip)
    return file.read_text().splitlines() if file.exists() else []


async def do(uow: UnitOfWork, wish: Any, what: str) -> None:
    meet(wish, f"{what}:before")
    record = AuditRecord(what, "sagas", wish.trip)
    await uow.run(AuditRecord.STATEMENT, **record.row(uow.context))
    meet(wish, what)


def call_out(wish: Any, what: str, key: str) -> None:
    meet(wish, f"{what}:before")
    with (Path(wish.folder) / str(wish.trip)).open("a") as file:
        file.write(f"{what} {key}\n")
    meet(wish, what)


def meet(wish: Any, place: str) -> None:
    """What the wish says happens here."""
    for trouble in wish.trouble.split():
        where, _, what = trouble.rpartition("=")
        if where != place or (what.endswith(("once", "thrice")) and not left(wish, where, what)):
            continue
        match what:
            case "refuse" | "refuse-once":
                raise SoldOut(3)
            case "count":
                raise CountedRefusal()
            case "die-once":
                raise Died()
            case "fail" | "fail-once" | "fail-thrice":
                raise RuntimeError(f"{where} failed")
            case "kill-once":
                os.kill(os.getpid(), signal.SIGKILL)
            case "stop-once":
                os.kill(os.getpid(), signal.SIGSTOP)


def left(wish: Any, where: str, what: str) -> bool:
    """Whether it still happens: each time leaves a file, so that other processes see it."""
    for number in range(3 if what.endswith("thrice") else 1):
        try:
            (Path(wish.folder) / f"{wish.trip}-{where.replace(':', '-')}-{what}-{number}").touch(exist_ok=False)
        except FileExistsError:
            continue
        return True
    return False


async def reserve(uow: UnitOfWork, wish: Any) -> Seat:
    await do(uow, wish, "reserve")
    return Seat(wish.trip, 7)


async def release(uow: UnitOfWork, wish: Any, seat: Seat) -> None:
    assert seat == Seat(wish.trip, 7)
    await do(uow, wish, "release")


async def charge(call: Call, wish: Any) -> Paid:
    call_out(wish, "charge", call.key)
    pause = PAUSES.pop(wish.trip, None)
    if pause is not None:
        pause.reached.set()
        await pause.go_on.wait()
    return Paid(call.key)


async def give_back(call: Call, wish: Any, paid: Paid | None) -> None:
    assert paid is None or paid.key == call.undoes
    call_out(wish, "give_back" if paid else "look_up", call.key)


async def confirm(uow: UnitOfWork, wish: Any) -> None:
    await do(uow, wish, "confirm")


async def issue(uow: UnitOfWork, ticket: Ticket) -> Ticket:
    return ticket


@durable(attempts=3, backoff=SOON, deadline=timedelta(minutes=15), name="sagas.book_trip")
async def book_trip(flow: Flow, wish: BookTrip) -> Ticket:
    seat = await flow.step("reserve", reserve, wish, undo=release)
    paid = await flow.call("charge", charge, wish, undo=give_back)
    await flow.step("confirm", confirm, wish)
    return await flow.step("issue", issue, Ticket(wish.trip, seat, paid.key), last=True)


@dataclass(frozen=True, slots=True)
class HurriedTrip:
    trip: UUID
    folder: str
    trouble: str = ""


@durable(attempts=100, backoff=SOON, deadline=timedelta(minutes=15), name="sagas.hurried_trip")
async def hurried_trip(flow: Flow, wish: HurriedTrip) -> Ticket:
    seat = await flow.step("reserve", reserve, wish, undo=release)
    paid = await flow.call("charge", charge, wish, undo=give_back)
    await flow.step("confirm", confirm, wish)
    return Ticket(wish.trip, seat, paid.key)


@dataclass(frozen=True, slots=True)
class WaitForAnswer:
    trip: UUID
    folder: str
    timeout_ms: int | None = None
    trouble: str = ""


@durable(attempts=3, backoff=SOON, deadline=timedelta(minutes=15), name="sagas.wait_for_answer")
async def wait_for_answer(flow: Flow, wish: WaitForAnswer) -> str:
    await flow.step("ask", ask, wish, undo=take_back)
    timeout = None if wish.timeout_ms is None else timedelta(milliseconds=wish.timeout_ms)
    answer = await flow.signal("answer", Answer, timeout=timeout)
    if answer is None:
        return "no answer"
    return await flow.step("accept" if answer.accepted else "decline", accept if answer.accepted else decline, wish)


async def ask(uow: UnitOfWork, wish: Any) -> None:
    await do(uow, wish, "ask")


async def take_back(uow: UnitOfWork, wish: Any, answer: None) -> None:
    await do(uow, wish, "take_back")


@dataclass(frozen=True, slots=True)
class CountToThree:
    trip: UUID
    folder: str
    sleep_ms: int
    trouble: str = ""


@durable(attempts=3, backoff=SOON, name="sagas.count_to_three")
async def count_to_three(flow: Flow, wish: CountToThree) -> list[int]:
    counted = []
    for number in (1, 2, 3):
        counted.append(await flow.step("count", count, number))
        await flow.sleep("rest", timedelta(milliseconds=wish.sleep_ms))
    return counted


async def count(uow: UnitOfWork, number: int) -> int:
    return number


@dataclass(frozen=True, slots=True)
class WaitBriefly:
    trip: UUID
    folder: str
    trouble: str = ""


@durable(attempts=3, backoff=SOON, deadline=timedelta(minutes=15), name="sagas.wait_briefly")
async def wait_briefly(flow: Flow, wish: WaitBriefly) -> None:
    await flow.step("ask", ask, wish, undo=take_back)
    await flow.signal("answer", Answer)


async def accept(uow: UnitOfWork, wish: WaitForAnswer) -> str:
    await do(uow, wish, "accept")
    return "accepted"


async def decline(uow: UnitOfWork, wish: WaitForAnswer) -> str:
    await do(uow, wish, "decline")
    return "declined"
