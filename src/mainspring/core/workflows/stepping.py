"""How a step and a call are carried out the first time."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from .. import clock
from ..database import RunAgain
from ..observability.tracing import TRACING, Span
from .call import Call, key_of
from .errors import EXPECTED, Broken
from .instance import Memo
from .shapes import answer_of

if TYPE_CHECKING:
    from ..database import UnitOfWork
    from .flow import Flow

T = TypeVar("T")

TRIES_AFTER_CONFLICT = 3
CONFLICT_PAUSE_SECONDS = 0.02


async def step(
    flow: "Flow",
    seq: int,
    name: str,
    function: "Callable[[UnitOfWork, Any], Awaitable[Any]]",
    argument: Any,
    *,
    last: bool,
) -> Memo:
    """Effect, memo and fence in one unit. Raises what the step was refused with, Broken for anything unexpected."""
    journal, since = flow.journal, clock.now()
    journal.instance.step = name

    async def once() -> Memo:
        with _span(flow, "step", name):
            return await attempt()

    async def attempt() -> Memo:
        async with journal.unit() as uow:
            try:
                answer = await function(uow, argument)
            except EXPECTED as problem:
                if not problem.keep_writes:
                    raise
                return journal.failed(seq, "step", name, problem, since)
            memo = journal.done(seq, "step", name, answer_of(function).dump(answer), since)
            if last:
                journal.end("done", flow.durable.output.dump(answer))
            return memo

    try:
        return await again_after_conflicts(once)
    except EXPECTED as problem:
        return journal.failed(seq, "step", name, problem, since)
    except Exception as problem:
        raise Broken() from problem


async def call(
    flow: "Flow", seq: int, name: str, function: Callable[[Call, Any], Awaitable[Any]], argument: Any, patience: timedelta
) -> Memo:
    """Write what is not written yet, call, and remember the answer for the next unit. Raises as `step` does."""
    journal, since = flow.journal, clock.now()
    journal.instance.step = name
    try:
        if journal.needs_writing:
            await again_after_conflicts(lambda: _written(flow))
        outside = Call(key_of(flow.id, seq, name), journal.application, flow.id)
        with _span(flow, "call", name):
            async with asyncio.timeout(patience.total_seconds()):
                answer = await function(outside, argument)
        output = answer_of(function).dump(answer)
    except EXPECTED as problem:
        return journal.failed(seq, "call", name, problem, since)
    except Exception as problem:
        raise Broken() from problem
    return journal.done(seq, "call", name, output, since)


async def again_after_conflicts(work: Callable[[], Awaitable[T]]) -> T:
    """Run a unit, and again when the database says that another transaction was in its way (40001, 40P01)."""
    for attempt in range(1, TRIES_AFTER_CONFLICT):
        try:
            return await work()
        except RunAgain:
            await asyncio.sleep(random.uniform(0, CONFLICT_PAUSE_SECONDS * attempt))  # noqa: S311  no secret
    return await work()


def _span(flow: "Flow", kind: str, name: str) -> Span:
    told = {"mainspring.workflow.name": flow.durable.name, "mainspring.workflow.id": str(flow.id)}
    return TRACING.child(f"{kind} {flow.durable.name} {name}", "internal", told)


async def _written(flow: "Flow") -> None:
    async with flow.journal.unit():
        pass
