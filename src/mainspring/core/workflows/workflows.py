"""`Workflows`: starts, runs, signals and shows workflows. `application.resolve(Workflows)` answers the process's own."""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from .. import clock, ids, tasks
from ..context import current
from ..observability.logs import get_logger
from . import handover, kept_errors
from .carrier import Carrier
from .context import WorkflowContext
from .declaration import DECLARED, Durable
from .errors import InputChanged, StillRunning, WorkflowNotFound, WorkflowStuck
from .instance import Instance
from .journal import Journal
from .lease import Leases
from .shapes import shape_of
from .statements import BY_ID, BY_KEY, CREATE, MEMOS, SEND, TAKE_OVER, TOUCH

if TYPE_CHECKING:
    from ..application import Application
    from ..database import UnitOfWork

WAIT = timedelta(seconds=25)  # below REQUEST_TIMEOUT
FIRST_LOOK_SECONDS, LONGEST_LOOK_SECONDS = 0.02, 0.5
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Ended:
    """A workflow that somebody asked for, and whether somebody had asked for it before."""

    durable: Durable[Any, Any]
    instance: Instance
    is_repeated: bool

    def answer(self) -> Any:  # Any: of the type that the workflow declares
        """What it answered. Raises the expected error that it was undone for."""
        if self.instance.state == "undone":
            raise kept_errors.restored(self.instance.error)
        return self.durable.output.load(self.instance.output)


class Workflows:
    """Every process has one. What it begins here goes on elsewhere when the process dies."""

    def __init__(self, application: "Application") -> None:
        self.application = application
        self._leases = Leases(application)
        self._running: dict[UUID, asyncio.Task[Carrier]] = {}
        self._waiting: dict[UUID, asyncio.Event] = {}

    async def start(
        self, uow: "UnitOfWork", wish: Any, key: str | None = None, owner_id: UUID | None = None, fingerprint: str | None = None
    ) -> UUID:
        """Begin the workflow that takes this input, in the caller's transaction; a job carries it after the commit.

        With a `key` there is one workflow of it: a second start answers the id of the first. Raises InputChanged when that
        one has another input.
        """
        durable = DECLARED.of(wish)
        instance = self._new(durable, wish, key, owner_id, fingerprint)
        if key is not None and (found := await uow.one(BY_KEY, name=durable.name, key=key)):
            return _same(found, instance).id
        instance.job_id = handover.enqueue(uow, instance.id)
        if not await uow.run(CREATE, **{name: getattr(instance, name) for name in Instance.__slots__}):
            # Somebody committed the same key meanwhile. The job enqueued above finds no workflow of its own and ends.
            return _same(await uow.only(BY_KEY, name=durable.name, key=key), instance).id
        return instance.id

    async def run(
        self, wish: Any, key: str | None = None, owner_id: UUID | None = None, wait: timedelta = WAIT
    ) -> Any:  # Any: what the workflow answers; a caller annotates what it takes it for
        """Carry out the workflow that takes this input, here and now, and answer what it answers.

        It goes on in another process when this one dies, and beyond the caller's `wait`. Raises the expected error that it was
        undone for, StillRunning with its id when `wait` is over or it waits for a time or a message itself, WorkflowStuck when
        only a person can help, and whatever its first step failed with when that left nothing behind. With a `key` a second
        run joins the first and gets its answer; InputChanged when the first has another input.
        """
        until = clock.after(wait)
        found = await self._begun(wish, key, owner_id, None, until)
        return (await self._ended(found, until)).answer()

    async def outcome(self, id: UUID, wait: timedelta = WAIT) -> Any:  # Any: as above
        """The answer of a workflow, waited for, also while it waits itself.

        Raises what it was undone for, StillRunning, WorkflowStuck, WorkflowNotFound.
        """
        instance = await self.status(id)
        found = Ended(DECLARED.named(instance.name), instance, is_repeated=True)
        return (await self._ended(found, clock.after(wait), through_waits=True)).answer()

    async def once(self, wish: Any, key: str, *, fingerprint: str, owner_id: UUID | None = None, wait: timedelta = WAIT) -> Ended:
        """As `run`, for whoever may ask twice: how it ended, and whether it had been asked for before.

        `fingerprint` stands for the whole wish: InputChanged when the first one had another. Raises StillRunning at once, with
        `is_repeated`, when the first is still under way.
        """
        until = clock.after(wait)
        found = await self._begun(wish, key, owner_id, fingerprint, until)
        return await self._ended(found, clock.now() if found.is_repeated else until)

    async def signal(self, uow: "UnitOfWork", id: UUID, name: str, payload: Any = None) -> bool:
        """Send a message to a workflow, in the caller's transaction; it is kept until a step takes it.

        False when the workflow has ended, so that nobody will. Raises WorkflowNotFound.
        """
        instance = await uow.one(TOUCH, id=id)
        if instance is None:
            if await uow.one(BY_ID, id=id) is None:
                raise WorkflowNotFound()
            return False
        await uow.run(SEND, workflow_id=id, name=name, payload=shape_of(type(payload)).dump(payload), taken_by=None)
        if instance.resume_at is not None and instance.waiting_for == name and instance.job_id is not None:
            await handover.hurry(uow, instance.job_id)
        return True

    async def status(self, id: UUID, uow: "UnitOfWork | None" = None) -> Instance:
        """How far a workflow is. Raises WorkflowNotFound."""
        if uow is not None:
            found = await uow.one(BY_ID, id=id)
        else:
            async with self.application.reading() as reading:
                found = await reading.one(BY_ID, id=id)
        if found is None:
            raise WorkflowNotFound()
        return found

    async def find(self, durable: Durable[Any, Any], key: str) -> Instance | None:
        """The workflow of this kind with this key."""
        async with self.application.reading() as uow:
            return await uow.one(BY_KEY, name=durable.name, key=key)

    async def carry(self, id: UUID, job_id: UUID) -> None:
        """Take the workflow over for the job that runs and carry it on; nothing when another job has it.

        Raises UnknownWorkflow, and what kept the workflow from being written.
        """
        async with self.application.unit() as uow:
            instance = await uow.one(TAKE_OVER, id=id, job_id=job_id)
            memos = [] if instance is None else await uow.all(MEMOS, workflow_id=id)
        if instance is None:
            return
        durable = DECLARED.named(instance.name)
        journal = Journal(self.application, WorkflowContext.of(instance), instance, memos)
        carrier = Carrier(durable, journal)
        await carrier.carry()
        self._told(id)
        if carrier.failure is not None:
            raise carrier.failure

    async def stop(self) -> None:
        """Let what runs here end in this turn, or hand it over to another process."""
        running = list(self._running.values())
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)
        await self._leases.stop()

    async def _begun(self, wish: Any, key: str | None, owner_id: UUID | None, fingerprint: str | None, until: datetime) -> Ended:
        """The workflow of the key, or a new one that was carried here as far as it came."""
        durable = DECLARED.of(wish)
        instance = self._new(durable, wish, key, owner_id, fingerprint)
        if key is not None and (first := await self.find(durable, key)) is not None:
            return Ended(durable, _same(first, instance), is_repeated=True)
        journal = Journal(self.application, WorkflowContext.of(instance, current()), instance)
        task = tasks.start(self._carry_here(durable, journal), name=f"workflow {durable.name}")
        self._running[instance.id] = task
        await asyncio.wait([task], timeout=(until - clock.now()).total_seconds())
        if not task.done() or task.cancelled():
            raise StillRunning(instance.id)
        carrier = task.result()
        if carrier.refusal is not None:
            raise carrier.refusal
        if carrier.is_taken:
            first = await self.find(durable, str(key))
            if first is None:
                raise WorkflowNotFound()
            return Ended(durable, _same(first, instance), is_repeated=True)
        return Ended(durable, journal.instance, is_repeated=False)

    async def _carry_here(self, durable: Durable[Any, Any], journal: Journal) -> Carrier:
        id, carrier = journal.instance.id, Carrier(durable, journal)
        self._leases.hold(journal)
        try:
            await carrier.carry()
        except asyncio.CancelledError:
            await tasks.to_the_end(handover.give_away(journal))
            raise
        finally:
            self._leases.release(journal)
            del self._running[id]
            self._told(id)
        return carrier

    async def _ended(self, found: Ended, until: datetime, *, through_waits: bool = False) -> Ended:
        """The workflow at its end, waited for while somebody carries it. Raises StillRunning, WorkflowStuck."""
        instance, pause = found.instance, FIRST_LOOK_SECONDS
        told = self._waiting.setdefault(instance.id, asyncio.Event())
        try:
            while not instance.has_ended:
                if instance.state == "stuck":
                    raise WorkflowStuck(details={"id": str(instance.id)})
                is_waiting = instance.state == "waiting"
                left = (until - clock.now()).total_seconds()
                if left <= 0 or (is_waiting and not through_waits):
                    raise StillRunning(instance.id, is_waiting=is_waiting, is_repeated=found.is_repeated)
                told.clear()
                try:
                    async with asyncio.timeout(min(pause, left)):
                        await told.wait()
                except TimeoutError:
                    pause = min(pause * 2, LONGEST_LOOK_SECONDS)
                instance = await self.status(instance.id)
        finally:
            self._waiting.pop(instance.id, None)
        return replace(found, instance=instance)

    def _told(self, id: UUID) -> None:
        if (event := self._waiting.get(id)) is not None:
            event.set()

    def _new(
        self, durable: Durable[Any, Any], wish: Any, key: str | None, owner_id: UUID | None, fingerprint: str | None
    ) -> Instance:
        now = clock.now()
        return Instance(
            id=ids.new(),
            name=durable.name,
            key=key,
            fingerprint=fingerprint,
            input=durable.input.dump(wish),
            owner_id=owner_id,
            request_id=current().request_id or None,
            state="running",
            step=None,
            waiting_for=None,
            wake_at=None,
            resume_at=None,
            deadline_at=None if durable.deadline is None else now + durable.deadline,
            cancel_asked=False,
            attempts=0,
            trouble=None,
            output=None,
            error=None,
            epoch=1,
            job_id=None,
            created_at=now,
            finished_at=None,
        )


def _same(found: Instance, wished: Instance) -> Instance:
    """The workflow that has the key. Raises InputChanged when it was started with something else."""
    mine, its = (wished.fingerprint, found.fingerprint) if wished.fingerprint else (wished.input, found.input)
    if mine != its:
        raise InputChanged()
    return found
