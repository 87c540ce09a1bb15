"""Carries one workflow: runs its function until it ends, waits, or fails, and decides what becomes of it then."""

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from .. import clock
from ..context import CURRENT
from ..observability.logs import get_logger
from . import kept_errors
from .errors import EXPECTED, Broken, Differs, Lost, Suspended, Taken, Undo, text_of
from .figures import FAILED, count_end
from .flow import Flow
from .journal import Journal
from .undoing import undo

if TYPE_CHECKING:
    from .declaration import Durable

log = get_logger(__name__)


class Carrier:
    """One run of one workflow in this process. After `carry`, the journal's instance tells how far it came.

    `refusal` is what a workflow without a key was refused with before it left anything; `failure` what kept the journal from
    being written; `is_taken` whether another workflow has the key, `is_lost` whether another process carries it.
    """

    def __init__(self, durable: "Durable[Any, Any]", journal: Journal) -> None:
        self.durable = durable
        self.journal = journal
        self.refusal: Exception | None = None
        self.failure: Exception | None = None
        self.is_taken = False
        self.is_lost = False

    async def carry(self) -> None:
        """Go on until the workflow has ended, waits, must be tried again later, or is stuck."""
        CURRENT.set(self.journal.context)
        flow = Flow(self.durable, self.journal)
        try:
            try:
                await self._run(flow)
            except Differs as differs:
                await self._stuck(str(differs))
            except Broken as broken:
                await self._failed(broken.__cause__ or broken)
        except Suspended:
            return
        except Taken:
            self.is_taken = True
        except Lost:
            self.is_lost = True
            log.warn("workflow_lost", workflow=self.durable.name, id=flow.id)
        if self.journal.instance.has_ended and not self.is_lost and not self.is_taken:
            count_end(self.journal.instance)

    async def _run(self, flow: Flow) -> None:
        try:
            answer = await self.durable.function(flow, self._input())
            flow.check_replayed()
            if self.journal.instance.has_ended:
                return
            if self.journal.instance.error is None:
                async with self.journal.unit():
                    self.journal.end("done", self.durable.output.dump(answer))
                return
        except Undo:
            flow.check_replayed()
        except EXPECTED as problem:
            flow.check_replayed()
            if self.journal.instance.has_ended:
                log.error("workflow_failed_after_its_end", error=problem, workflow=self.durable.name, id=flow.id)
                return
            if self.journal.is_new and self.journal.instance.key is None:
                self.refusal = problem
                return
            self.journal.instance.error = self.journal.instance.error or kept_errors.keep(problem)
        except Exception as problem:
            raise Broken() from problem
        await undo(flow)

    def _input(self) -> Any:
        try:
            return self.durable.input.load(self.journal.instance.input)
        except ValidationError as error:
            raise Differs(f"The stored input is no {self.durable.takes.__name__} ({error.error_count()} mistakes).") from None

    async def _failed(self, cause: BaseException) -> None:
        """Try again later, or be stuck when the attempts are used up. What never had a row is simply refused."""
        FAILED.of(self.durable.name).inc()
        journal = self.journal
        if journal.is_new:
            self.refusal = cause if isinstance(cause, Exception) else RuntimeError(str(cause))
            return
        instance = journal.instance
        if instance.attempts + 1 >= self.durable.attempts:
            await self._stuck(text_of(cause), cause)
            return
        instance.attempts += 1
        instance.trouble = text_of(cause)
        pause = self.durable.backoff.delay(instance.attempts)
        log.report("workflow_step_failed", cause, workflow=self.durable.name)
        log.warn(
            "workflow_step_failed",
            workflow=self.durable.name,
            id=instance.id,
            step=instance.step,
            attempt=instance.attempts,
            againInSeconds=round(pause.total_seconds(), 1),
            reason=instance.trouble,
        )
        instance.resume_at = clock.after(pause)
        if instance.deadline_at is not None and instance.error is None:
            instance.resume_at = min(instance.resume_at, max(instance.deadline_at, clock.now()))
        await self._write()

    async def _stuck(self, trouble: str, cause: BaseException | None = None) -> None:
        instance = self.journal.instance
        instance.state, instance.trouble, instance.attempts = "stuck", trouble, instance.attempts + 1
        log.error("workflow_stuck", error=cause, workflow=self.durable.name, id=instance.id, step=instance.step, reason=trouble)
        await self._write()

    async def _write(self) -> None:
        """Keep what happened. When that fails too, the job that stands by, or the attempts of the running one, go on."""
        try:
            async with self.journal.unit():
                pass
        except Exception as problem:
            self.failure = problem
            log.warn("workflow_not_written", workflow=self.durable.name, id=self.journal.instance.id, reason=text_of(problem))
