"""`Flow`: what a workflow's function does its steps with."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from uuid import UUID

from pydantic import ValidationError

from .. import clock
from ..database import UnitOfWork
from . import kept_errors, stepping, waiting
from .call import Call
from .errors import DeadlinePassed, Differs, Interrupted, Undo, WorkflowCancelled
from .instance import Memo
from .journal import Journal
from .shapes import Shape, answer_of
from .undoing import PlannedUndo, reaches_outside

if TYPE_CHECKING:
    from .declaration import Durable

A = TypeVar("A")
R = TypeVar("R")

UndoInUnit: TypeAlias = Callable[[UnitOfWork, A, R], Awaitable[None]]
UndoOutside: TypeAlias = Callable[[Call, A, R], Awaitable[None]]

LONGEST_NAME = 100
CALL_TIMEOUT = timedelta(seconds=60)


class Flow:
    """The run of one workflow. Its steps run one after another; each is carried out once, then its answer is remembered.

    Between two steps the function must be deterministic: the time, random values and the database belong into steps.
    """

    def __init__(self, durable: "Durable[Any, Any]", journal: Journal) -> None:
        self.durable = durable
        self.journal = journal
        self.undos: list[PlannedUndo] = []
        self._next = 0
        self._ended: Interrupted | None = None
        self._busy: str | None = None

    @property
    def id(self) -> UUID:
        """The workflow's id: what signals are sent to."""
        return self.journal.instance.id

    @property
    def key(self) -> str | None:
        """The key that it was started with."""
        return self.journal.instance.key

    @property
    def owner_id(self) -> UUID | None:
        """Whose it is."""
        return self.journal.instance.owner_id

    @property
    def started_at(self) -> datetime:
        """When it was started; the same in every replay."""
        return self.journal.instance.created_at

    async def step(
        self,
        name: str,
        function: Callable[[UnitOfWork, A], Awaitable[R]],
        argument: A,
        *,
        undo: UndoInUnit[A, R] | UndoOutside[A, R] | None = None,
        last: bool = False,
    ) -> R:
        """Run `function` in a unit of work that commits together with its answer: it happens exactly once.

        An expected error rolls back, is remembered and raised; anything else is tried again later. `undo` takes the unit (or a
        `Call`), the argument and the answer. A `last` step answers for the whole workflow, which ends in the same transaction.
        """
        with self._arriving("step", name) as (seq, memo):
            plan = self._planner("step", undo, argument)
            shape = answer_of(function)
            if memo is None:
                self._check()
                memo = await stepping.step(self, seq, name, function, argument, last=last)
            answer: R = self._answer(memo, shape)
            plan(memo, answer)
        return answer

    async def call(
        self,
        name: str,
        function: Callable[[Call, A], Awaitable[R]],
        argument: A,
        *,
        undo: UndoOutside[A, R | None] | UndoInUnit[A, R | None] | None = None,
        timeout: timedelta = CALL_TIMEOUT,  # noqa: ASYNC109  a word of the workflow's, not of its caller's
    ) -> R:
        """Run `function` outside of any unit: it happens at least once, always with the same `Call.key`.

        An expected error is remembered and raised; anything else, `timeout` included, is tried again later. `undo` gets None
        in place of the answer when the call may have happened and nobody knows how it ended.
        """
        with self._arriving("call", name) as (seq, memo):
            plan = self._planner("call", undo, argument)
            shape = answer_of(function)
            if memo is None:
                try:
                    self._check()
                except Undo:
                    if undo is not None and self.journal.may_have_begun(seq):
                        plan(self.journal.done(seq, "call", name, None, clock.now(), state="unknown"), None)
                    raise
                memo = await stepping.call(self, seq, name, function, argument, timeout)
            elif memo.state == "unknown":
                plan(memo, None)
                raise Undo()
            answer: R = self._answer(memo, shape)
            plan(memo, answer)
        return answer

    async def sleep(self, name: str, duration: timedelta) -> None:
        """Wait. Nothing is held meanwhile: the workflow goes on in whatever process is there when the time has come."""
        with self._arriving("sleep", name) as (seq, memo):
            if memo is None:
                self._check()
                await waiting.sleep(self, seq, name, duration)

    async def signal(self, name: str, kind: type[R], *, timeout: timedelta | None = None) -> R | None:  # noqa: ASYNC109
        """Wait for a message sent with `Workflows.signal`; None when `timeout` is over and none came.

        Messages of a name are taken in the order they were sent, also those that came before anybody waited.
        """
        with self._arriving("signal", name) as (seq, memo):
            if memo is None:
                self._check()
                memo = await waiting.signal(self, seq, name, timeout)
            return waiting.payload_of(memo, kind)

    def end(self, interrupted: Interrupted) -> Interrupted:
        """Let no step begin any more; the function is left by what is returned."""
        self._ended = self._ended or interrupted
        return interrupted

    def check_replayed(self) -> None:
        """The function has ended: raise Differs when it has left out a step that ran before."""
        if self._next < len(self.journal.memos):
            memo = self.journal.memos[self._next]
            raise Differs(f"The code ends before step {self._next + 1}, the {memo.kind} {memo.name!r}, which has run.")

    @contextmanager
    def _arriving(self, kind: str, name: str) -> Iterator[tuple[int, Memo | None]]:
        if self._ended is not None:
            raise self._ended
        if self._busy is not None:
            raise RuntimeError(f"The step {name!r} began while {self._busy!r} was under way; steps run one after another.")
        if not 1 <= len(name) <= LONGEST_NAME:
            raise ValueError(f"the name of a step has 1 to {LONGEST_NAME} characters")
        if self.journal.instance.has_ended:
            raise RuntimeError(f"The step {name!r} comes after the last one.")
        seq, self._next = self._next, self._next + 1
        memo = self.journal.memos[seq] if seq < len(self.journal.memos) else None
        self._busy = name
        try:
            if memo is not None and (memo.kind, memo.name) != (kind, name):
                raise Differs(
                    f"Step {seq + 1} was the {memo.kind} {memo.name!r} when it ran, and is the {kind} {name!r} in the code now."
                )
            yield seq, memo
        except Interrupted as interrupted:
            self.end(interrupted)
            raise
        finally:
            self._busy = None

    def _check(self) -> None:
        """Whether a step may begin. Raises Undo when the workflow is being undone, is cancelled, or took too long."""
        instance = self.journal.instance
        if instance.error is None:
            if instance.cancel_asked:
                instance.error = kept_errors.keep(WorkflowCancelled())
            elif instance.deadline_at is not None and instance.deadline_at <= clock.now():
                instance.error = kept_errors.keep(DeadlinePassed())
            else:
                return
        raise Undo()

    def _answer(self, memo: Memo, shape: Shape[R]) -> R:
        """What a step answered: always read from what is stored, so that the first run sees what a replay would see."""
        if memo.state == "failed":
            raise kept_errors.restored(memo.error)
        try:
            return shape.load(memo.output)
        except ValidationError as error:
            raise Differs(
                f"Step {memo.seq + 1}, the {memo.kind} {memo.name!r}: its stored answer is no {shape.kind} "
                f"({error.error_count()} mistakes)."
            ) from None

    def _planner(self, kind: str, undo: Callable[..., Awaitable[None]] | None, argument: Any) -> Callable[[Memo, Any], None]:
        if undo is None:
            return _nothing_to_undo
        is_outside = reaches_outside(undo, kind)
        return lambda memo, answer: self.undos.append(PlannedUndo(memo, undo, is_outside, argument, answer))


def _nothing_to_undo(memo: Memo, answer: Any) -> None:
    """A step without an undo."""
