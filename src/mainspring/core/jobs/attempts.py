"""Runs one attempt at a claimed job and writes down how it ended, in the transaction of its effect when it succeeds."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import Executor
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, Protocol

from .. import clock
from ..audit.security_trail import SecurityTrail
from ..context import CURRENT, Context
from ..database.errors import DatabaseUnavailable, RunAgain, TookTooLong
from ..errors import MainspringError
from ..observability.logs import get_logger
from ..observability.tracing import NOTHING, TRACING, Span
from .book import Definition
from .control import Backoff, GiveUp, Snooze
from .enqueueing import told_of
from .finishing import Finisher
from .models import DONE
from .outcomes import Outcome, cancelled, crashed, failed, resting
from .rows import ClaimedJob
from .run import JobRun, LeaseLost
from .statements import FINISH, SETTLE

if TYPE_CHECKING:
    from ..application import Application
    from ..database import Database, UnitOfWork

log = get_logger(__name__)
LOST = "lost"
Why = Literal["cancelled", "lost", "drained"]
AFTER_OUTAGE = Backoff(first=timedelta(seconds=1), longest=timedelta(seconds=10))
WRITES = 30  # times that an outcome is written before the row is left to the heartbeat


class TimedOut(Exception):
    """The attempt took longer than the job's timeout."""


class ChildDied(Exception):
    """The process of an isolated job ended without an answer."""


class ChildNotStarted(Exception):
    """No process could be made for an isolated job, which is not its fault: no attempt is used up."""


class Children(Protocol):
    """Runs an attempt in a process of its own."""

    async def run(self, database: str, claimed: ClaimedJob) -> Outcome:
        """The outcome, which that process has written. Raises ChildDied, ChildNotStarted or TimedOut, when nothing was."""


class _Failed(Exception):
    """Carries an error of the job through its unit, which rolls back whatever the error's class says."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


class Attempt:
    """One run of one row. With `children` it happens in a process of its own, otherwise here."""

    def __init__(
        self,
        application: "Application",
        database: "Database",
        definition: Definition,
        claimed: ClaimedJob,
        finisher: Finisher,
        *,
        threads: Executor | None = None,
        children: Children | None = None,
    ) -> None:
        self.application, self.database, self.definition, self.claimed = application, database, definition, claimed
        self.context = Context(request_id=claimed.request_id or str(claimed.id), method="JOB", path=claimed.name)
        self.context.security = application.ports.made(SecurityTrail)
        self.run = JobRun(application, database, claimed, self.context)
        if definition.times is not None and "tick" in claimed.payload:
            self.run.tick = datetime.fromisoformat(claimed.payload["tick"])
        self.began = clock.monotonic()
        self._finisher, self._threads, self._children = finisher, threads, children
        self._calling: asyncio.Task[Any] | None = None
        self._why: Why | None = None

    def stop(self, why: Why) -> None:
        """Cancel the function if it is running. A `drained` job is given back, a `lost` one writes nothing."""
        self._why = self._why or why
        self.run.is_cancelled = True
        if self._calling is not None:
            self._calling.cancel()

    async def outcome(self) -> Outcome:
        """Run it to its end and write down what came of it. Raises only what ends the whole process."""
        CURRENT.set(self.context)
        with self._span() as span:
            try:
                outcome = await self._attempted()
            except Exception:
                log.exception("job_outcome_unknown", jobId=self.claimed.id)
                outcome = Outcome(LOST)
            span.set("mainspring.job.outcome", outcome.state)
            if outcome.error is not None and not isinstance(outcome.error, Snooze):
                span.fail(type(outcome.error).__qualname__)
            self._log(outcome)
        return outcome

    def _span(self) -> Span:
        """In the trace of whoever enqueued the job. A process of its own tells more of its attempts than we could."""
        if TRACING.tracer is None or self._children is not None:
            return NOTHING
        told = {**told_of(self.definition, self.claimed.id), "messaging.operation.type": "process"}
        told["mainspring.job.attempt"] = self.run.attempt
        return TRACING.begin(f"process {self.definition.name}", "consumer", told, self.claimed.traceparent)

    async def _attempted(self) -> Outcome:
        try:
            if self._children is not None:
                return await self._elsewhere(self._children)
            await self._here()
        except LeaseLost:
            return Outcome(LOST)
        except asyncio.CancelledError as error:
            if self._why is None:
                raise
            return await self._stopped(error)
        except Exception as error:
            told = error.error if isinstance(error, _Failed) else error
            return await (self._stopped(told) if self._why else self._settled(told))
        return Outcome(DONE)

    async def _here(self) -> None:
        definition, claimed = self.definition, self.claimed
        arguments: dict[str, Any] = {}
        for name, role, kind in definition.signature.roles:
            if role == "order" and definition.coder is not None:
                arguments[name] = definition.coder.decode(claimed.payload, claimed.payload_version)
            elif role == "given":
                arguments[name] = definition.given[kind](self.run, claimed)
            elif role == "run":
                arguments[name] = self.run
            elif role == "application":
                arguments[name] = self.application
        unit = definition.signature.unit
        if unit is None:
            await self._call(arguments)
        else:
            async with self.database.unit(self.context) as uow:
                await self._call({**arguments, unit: uow})
                if not uow.is_untouched:
                    await self._finish(uow)
                    return
        now = clock.now()
        if not await self._finisher.finish(claimed.id, claimed.token, now, now + definition.options.history):
            raise LeaseLost

    async def _call(self, arguments: Mapping[str, Any]) -> None:
        function = self.definition.function
        seconds = self.claimed.timeout_ms / 1000
        limit = asyncio.timeout(seconds)
        self._calling = asyncio.current_task()
        try:
            if self._why is not None:
                raise asyncio.CancelledError
            async with limit:
                if self.definition.signature.is_async:
                    await function(**arguments)
                else:
                    await asyncio.get_running_loop().run_in_executor(self._threads, lambda: function(**arguments))
        except TimeoutError as error:
            raise _Failed(TimedOut(f"longer than {seconds:g} s") if limit.expired() else error) from error
        except Exception as error:
            raise _Failed(error) from error
        finally:
            self._calling = None

    async def _finish(self, uow: "UnitOfWork") -> None:
        now = clock.now()
        expires = now + self.definition.options.history
        if not await uow.run(FINISH, id=self.claimed.id, token=self.claimed.token, now=now, expires_at=expires):
            raise LeaseLost

    async def _elsewhere(self, children: Children) -> Outcome:
        self._calling = asyncio.current_task()
        try:
            return await children.run(_name_of(self.application, self.database), self.claimed)
        except ChildDied as error:
            self._calling = None
            return await self._write(crashed(self.claimed, self.definition), error)
        finally:
            self._calling = None

    async def _settled(self, error: BaseException) -> Outcome:
        claimed = self.claimed
        if isinstance(error, Snooze):
            columns = resting(claimed, clock.after(error.delay))
        elif self._is_outage(error):  # nothing the job did: no attempt is used up
            columns = resting(claimed, clock.after(AFTER_OUTAGE.delay(claimed.failures + 1)))
        else:
            columns = failed(claimed, self.definition, error, final=isinstance(error, GiveUp))
        return await self._write(columns, error)

    def _is_outage(self, error: BaseException) -> bool:
        """Whether the database or the machine was at fault, and not the job with a statement, a lock or a pause of its own.

        A connection that PostgreSQL closed because the unit lay idle looks like one that was lost, so long attempts count.
        """
        if isinstance(error, ChildNotStarted):
            return True
        if isinstance(error, TookTooLong) or clock.monotonic() - self.began >= self.database.options.idle_in_transaction_timeout:
            return False
        return isinstance(error, DatabaseUnavailable | RunAgain)

    async def _stopped(self, error: BaseException) -> Outcome:
        if self._why == "lost":
            return Outcome(LOST)
        if self._why == "cancelled":
            return await self._write(cancelled(self.claimed, self.definition), error)
        return await self._write(resting(self.claimed, self.claimed.run_at), error)

    async def _write(self, columns: dict[str, Any], error: BaseException) -> Outcome:
        """Write the outcome; while the database does not answer, try again."""
        for number in range(1, WRITES + 1):
            try:
                async with self.database.unit(self.context) as uow:
                    changed = await uow.run(SETTLE, **columns)
                return Outcome(columns["state"] if changed else LOST, error, columns["run_at"])
            except (DatabaseUnavailable, RunAgain):
                if number == WRITES:
                    raise
                await asyncio.sleep(AFTER_OUTAGE.delay(number).total_seconds())
        raise AssertionError("unreachable")

    def _log(self, outcome: Outcome) -> None:
        error = outcome.error
        fields: dict[str, Any] = {
            "jobId": self.claimed.id,
            "state": outcome.state,
            "attempt": self.run.attempt,
            "ms": round((clock.monotonic() - self.began) * 1000, 2),
        }
        if error is None:
            log.debug("job_ended", **fields)
        elif isinstance(error, MainspringError | Snooze | GiveUp | TimedOut | ChildDied | asyncio.CancelledError):
            log.info("job_ended", **fields, reason=f"{type(error).__name__}: {error}")
        else:
            log.error("job_failed", error=error, **fields)


def _name_of(application: "Application", database: "Database") -> str:
    return next(name for name, known in application.databases.items() if known is database)
