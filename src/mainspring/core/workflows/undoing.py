"""Undoing the finished steps of a workflow, the last one first."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from ..database import UnitOfWork
from .call import Call, key_of
from .errors import Broken
from .instance import Memo
from .shapes import first_parameter
from .stepping import again_after_conflicts

if TYPE_CHECKING:
    from .flow import Flow

TIMEOUT = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class PlannedUndo:
    """What undoes one step: the function, what the step was given, and what it answered (None when that is unknown)."""

    memo: Memo
    function: Callable[..., Awaitable[None]]
    is_outside: bool
    argument: Any
    answer: Any


def reaches_outside(function: Callable[..., Awaitable[None]], kind: str) -> bool:
    """Whether an undo takes a `Call` or a unit of work: by its annotation, else as the step that it undoes."""
    first = first_parameter(function)
    return first is Call if first in (Call, UnitOfWork) else kind == "call"


async def undo(flow: "Flow") -> None:
    """Undo what is not undone yet and end the workflow. Each undo is remembered; raises Broken when one fails."""
    journal = flow.journal
    journal.instance.state = "undoing"
    open_ones = [planned for planned in reversed(flow.undos) if planned.memo.undone_at is None]
    for planned in open_ones:
        is_last = planned is open_ones[-1]
        journal.instance.step = planned.memo.name
        try:
            if planned.is_outside:
                await _by_call(flow, planned)
            else:
                await again_after_conflicts(partial(_in_unit, flow, planned, is_last=is_last))
        except Exception as problem:
            raise Broken() from problem
    if not journal.instance.has_ended:
        try:
            await again_after_conflicts(lambda: _ended(flow))
        except Exception as problem:
            raise Broken() from problem


async def _in_unit(flow: "Flow", planned: PlannedUndo, *, is_last: bool) -> None:
    async with flow.journal.unit() as uow:
        await planned.function(uow, planned.argument, planned.answer)
        flow.journal.undone(planned.memo)
        if is_last:
            flow.journal.end("undone")


async def _by_call(flow: "Flow", planned: PlannedUndo) -> None:
    key = key_of(flow.id, planned.memo.seq, planned.memo.name)
    outside = Call(f"{key}:undo", flow.journal.application, flow.id, undoes=key)
    if flow.journal.needs_writing:
        await again_after_conflicts(lambda: _written(flow))
    async with asyncio.timeout(TIMEOUT.total_seconds()):
        await planned.function(outside, planned.argument, planned.answer)
    flow.journal.undone(planned.memo)


async def _written(flow: "Flow") -> None:
    async with flow.journal.unit():
        pass


async def _ended(flow: "Flow") -> None:
    async with flow.journal.unit():
        flow.journal.end("undone")
