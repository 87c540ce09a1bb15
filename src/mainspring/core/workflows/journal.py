"""What a workflow leaves in the database while it is carried: every write is fenced, and shares the unit of its effect."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .. import clock
from ..context import Context
from ..errors import MainspringError
from . import handover, kept_errors
from .errors import Lost, Taken
from .instance import Instance, Memo
from .statements import CREATE, KEEP_STEPS, MARK_UNDONE, SAVE, SAVED

if TYPE_CHECKING:
    from ..application import Application
    from ..database import UnitOfWork


class Journal:
    """The instance, its memos, and those not written yet. `is_new` until the instance has a row.

    `is_leased` says that a job stands by for the case that this process dies; otherwise a running job carries the workflow.
    """

    def __init__(self, application: "Application", context: Context, instance: Instance, memos: list[Memo] | None = None) -> None:
        self.application = application
        self.context = context
        self.instance = instance
        self.is_new = memos is None
        self.is_leased = memos is None
        self.memos = memos or []
        self.loaded = len(self.memos)
        self._saved_state = instance.state
        self._unwritten: list[Memo] = []
        self._undone: list[Memo] = []

    @property
    def needs_writing(self) -> bool:
        """Whether the database lacks something that the next call outside builds on."""
        return self.is_new or bool(self._unwritten) or bool(self._undone) or self.instance.state != self._saved_state

    def may_have_begun(self, seq: int) -> bool:
        """Whether a process before this one may have begun the step without leaving a memo."""
        return not self.is_leased and seq == self.loaded

    def done(self, seq: int, kind: str, name: str, output: Any, since: datetime, *, state: str = "done") -> Memo:
        """Remember what a step answered; written with the next unit."""
        return self._add(Memo(seq, kind, name, state, output, None, since, clock.now()))

    def failed(self, seq: int, kind: str, name: str, error: MainspringError, since: datetime) -> Memo:
        """Remember that a step was refused; written with the next unit."""
        return self._add(Memo(seq, kind, name, "failed", None, kept_errors.keep(error), since, clock.now()))

    def undone(self, memo: Memo) -> None:
        """Remember that a step was undone; written with the next unit."""
        memo.undone_at = clock.now()
        self._undone.append(memo)
        self._progressed()

    def end(self, state: str, output: Any = None) -> None:
        """The workflow is done or undone; written with the next unit."""
        instance = self.instance
        instance.state, instance.output, instance.finished_at = state, output, clock.now()
        instance.step = instance.waiting_for = instance.wake_at = instance.resume_at = None

    @asynccontextmanager
    async def unit(self) -> AsyncIterator["UnitOfWork"]:
        """A unit in which an effect and the journal are written together. Raises Lost when another process took over."""
        before, memos = replace(self.instance), len(self.memos)
        unwritten, undone = list(self._unwritten), list(self._undone)
        try:
            async with self.application.unit(self.context) as uow:
                yield uow
                await self._write(uow)
        except BaseException:
            for memo in self._undone[len(undone) :]:
                memo.undone_at = None
            self.instance, self._unwritten, self._undone = before, unwritten, undone
            del self.memos[memos:]
            raise
        self._unwritten.clear()
        self._undone.clear()
        self.is_new = False
        self._saved_state = self.instance.state

    async def hold(self, uow: "UnitOfWork") -> None:
        """Lock the workflow's row in this unit, so that nobody sends a signal meanwhile. Raises Lost.

        A new workflow has no row yet, and nobody knows of it.
        """
        if not self.is_new:
            await self._save(uow)

    async def _write(self, uow: "UnitOfWork") -> None:
        await handover.arrange(uow, self)
        await self._save(uow)
        for memo in self._unwritten:
            uow.before_commit(KEEP_STEPS, workflow_id=self.instance.id, **_columns(memo))
        for memo in self._undone:
            uow.before_commit(MARK_UNDONE, workflow_id=self.instance.id, seq=memo.seq, undone_at=memo.undone_at)

    async def _save(self, uow: "UnitOfWork") -> None:
        instance = self.instance
        if self.is_new and instance.key is None:
            uow.before_commit(CREATE, **_row(instance))
            return
        if self.is_new:
            if not await uow.run(CREATE, **_row(instance)):
                raise Taken()
            return
        cancel_asked = await uow.one(
            SAVE, id=instance.id, epoch=instance.epoch, **{name: getattr(instance, name) for name in SAVED}
        )
        if cancel_asked is None:
            raise Lost()
        instance.cancel_asked = cancel_asked

    def _add(self, memo: Memo) -> Memo:
        self.memos.append(memo)
        self._unwritten.append(memo)
        self._progressed()
        return memo

    def _progressed(self) -> None:
        instance = self.instance
        instance.attempts, instance.trouble = 0, None
        instance.waiting_for = instance.wake_at = None
        if instance.state == "waiting":
            instance.state = "running"


def _columns(memo: Memo) -> dict[str, Any]:
    return {name: getattr(memo, name) for name in Memo.__slots__}


def _row(instance: Instance) -> dict[str, Any]:
    return {name: getattr(instance, name) for name in Instance.__slots__}
