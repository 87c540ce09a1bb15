"""Slow statements in the log: name, duration, rows and whose work it was, and beside them the plan of the database (R-125).

A plan is asked for outside of the request, on a connection of its own, one at a time, and once in ten minutes for a statement.
It is made without the values of the statement's parameters, so it can tell none.
"""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any

from .. import tasks
from ..context import Context
from ..observability.logs import get_logger
from ..observability.metrics import counter
from .compiling import Compiled

PLAN_AGAIN_SECONDS = 600.0
LINE_AGAIN_SECONDS = 1.0
PLAN_SECONDS = 5.0
LONGEST_PLAN = 8000

SLOW = counter("mainspring_slow_statements_total", "Statements that took as long as DB_SLOW_QUERY or longer.", ("statement",))
log = get_logger(__name__)

Explain = Callable[[str, int], Awaitable[str]]


class SlowQueries:
    """Of one database. `threshold` is in seconds; `explain` answers the plan of a text with so many parameters."""

    def __init__(self, threshold: float, explain: Explain) -> None:
        self.threshold = threshold or float("inf")
        self._explain = explain
        self._told: dict[str, tuple[float, int]] = {}  # when the last line was written, and how many were left out since
        self._planned: dict[str, float] = {}
        self._planning: asyncio.Task[None] | None = None

    def note(self, context: Context, compiled: Compiled[Any], seconds: float, rows: int, parameters: int) -> None:
        """A statement was slow; `rows` is -1 for one that failed. At most one line a second for a statement."""
        name, now = compiled.name, monotonic()
        SLOW.of(name).inc()
        last, left_out = self._told.get(name, (-LINE_AGAIN_SECONDS, 0))
        if now - last < LINE_AGAIN_SECONDS:
            self._told[name] = last, left_out + 1
            return
        self._told[name] = now, 0
        log.warn(
            "slow_query",
            statement=name,
            ms=round(seconds * 1000, 1),
            rows=None if rows < 0 else rows,
            route=getattr(context, "route", None) or context.path or None,
            leftOut=left_out,
        )
        if now - self._planned.get(name, -PLAN_AGAIN_SECONDS) < PLAN_AGAIN_SECONDS or self._planning is not None:
            return
        self._planned[name] = now
        deed = self._plan(name, compiled.sql, parameters, context.request_id)
        self._planning = tasks.start(deed, name="plan of a slow query", context=contextvars.Context())

    async def stop(self) -> None:
        """Wait for no plan any more."""
        if self._planning is not None:
            await tasks.stop(self._planning)

    async def _plan(self, name: str, sql: str, parameters: int, request_id: str) -> None:
        try:
            async with asyncio.timeout(PLAN_SECONDS):
                plan = await self._explain(sql, parameters)
            log.warn("slow_query_plan", statement=name, plan=plan[:LONGEST_PLAN], requestId=request_id or None)
        except Exception as error:  # the database may be busy or away; the slow statement was told all the same
            log.warn("slow_query_without_plan", statement=name, reason=type(error).__name__)
        finally:
            self._planning = None
