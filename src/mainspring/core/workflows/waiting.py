"""Timers and messages from outside: a workflow that waits is a row, nothing else."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from .. import clock
from .errors import Broken, Suspended
from .instance import Memo
from .shapes import shape_of
from .statements import TAKE_SIGNAL, WAITING_SIGNAL
from .stepping import again_after_conflicts

if TYPE_CHECKING:
    from .flow import Flow

R = TypeVar("R")

NEVER = datetime.fromisoformat("9999-01-01T00:00:00+00:00")  # the job of a workflow that only a message wakes


async def sleep(flow: "Flow", seq: int, name: str, duration: timedelta) -> None:
    """Suspend until the time has come, then remember that it has. Raises Suspended."""
    wake_at = _begun(flow, name, duration)
    if wake_at is not None and wake_at <= clock.now():
        flow.journal.done(seq, "sleep", name, None, flow.journal.instance.created_at)
        return
    try:
        await again_after_conflicts(lambda: _suspended(flow))
    except Exception as problem:
        raise Broken() from problem
    raise Suspended()


async def signal(flow: "Flow", seq: int, name: str, patience: timedelta | None) -> Memo:
    """Take the first message of this name, or give up after `patience`, or suspend. Raises Suspended."""
    wake_at = _begun(flow, name, patience)
    flow.journal.instance.waiting_for = name

    async def once() -> Memo | None:
        journal = flow.journal
        async with journal.unit() as uow:
            await journal.hold(uow)
            found = await uow.one(WAITING_SIGNAL, workflow_id=flow.id, name=name)
            if found is not None:
                await uow.run(TAKE_SIGNAL, id=found.id, taken_by=seq)
                return journal.done(seq, "signal", name, {"payload": found.payload}, clock.now())
            if wake_at is not None and wake_at <= clock.now():
                return journal.done(seq, "signal", name, None, clock.now())
            _suspend(flow)
            return None

    try:
        memo = await again_after_conflicts(once)
    except Exception as problem:
        raise Broken() from problem
    if memo is None:
        raise Suspended()
    return memo


def payload_of(memo: Memo, kind: type[R]) -> R | None:
    """The message that a step took; None when none came in time."""
    answer: Any = memo.output
    found: R | None = None if answer is None else shape_of(kind).load(answer["payload"])
    return found


def _begun(flow: "Flow", name: str, duration: timedelta | None) -> datetime | None:
    """When the wait ends. A wait that another process began keeps its end."""
    instance = flow.journal.instance
    instance.state, instance.step = "waiting", name
    if instance.wake_at is None and instance.waiting_for is None:
        instance.wake_at = None if duration is None else clock.after(duration)
    return instance.wake_at


async def _suspended(flow: "Flow") -> None:
    async with flow.journal.unit():
        _suspend(flow)


def _suspend(flow: "Flow") -> None:
    instance = flow.journal.instance
    ends = [moment for moment in (instance.wake_at, instance.deadline_at) if moment is not None]
    instance.resume_at = min(ends) if ends else NEVER
