"""That this process is alive, said so that every other one can see it: a row that counts, and a lock that the kernel frees."""

import fcntl
import os
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import delete, select

from .. import clock, ids
from ..database.statement import Statement, bind, insert_into, update_of
from ..database.unit_of_work import UnitOfWork
from .models import RUNNING, Job, Worker
from .statements import GIVE_BACK_ALL

if TYPE_CHECKING:
    from ..database import Database

FOLDER = "runtime"


@dataclass(frozen=True, slots=True)
class Mine:
    """A row that runs here, as the table says."""

    id: UUID
    token: int
    cancel_requested: bool


REGISTER: Statement[None] = Statement(insert_into(Worker))
BEAT: Statement[None] = Statement(
    update_of(Worker).where(Worker.id == bind("id", Worker.id)).values(beat=Worker.beat + 1, seen_at=bind("now", Worker.seen_at))
)
LEAVE: Statement[None] = Statement(delete(Worker).where(Worker.id == bind("id", Worker.id)))
MINE = Statement(
    select(Job.id, Job.token, Job.cancel_requested).where(Job.worker == bind("worker", Job.worker), Job.state == RUNNING), Mine
)


def host() -> str:
    """The name of this machine."""
    return socket.gethostname()[:255]


class Presence:
    """The row of this process in one database. Its id is new each time it registers."""

    def __init__(self, database: "Database", data_dir: Path, queues: Sequence[str], concurrency: int) -> None:
        self.database, self.folder = database, data_dir / FOLDER
        self.queues, self.concurrency = list(queues), concurrency
        self.id: UUID | None = None
        self._lifeline: int | None = None

    async def register(self) -> UUID:
        """Make the row, under a new id."""
        self._let_go()
        new = ids.new()
        self._lifeline = _held(self.folder, new)
        now = clock.now()
        async with self.database.unit() as uow:
            await uow.run(
                REGISTER,
                id=new,
                host=host(),
                pid=os.getpid(),
                queues=self.queues,
                concurrency=self.concurrency,
                beat=1,
                started_at=now,
                seen_at=now,
            )
        self.id = new
        return new

    async def beat(self, also: Iterable[Callable[[UnitOfWork], Awaitable[None]]] = ()) -> list[Mine] | None:
        """Say that we are alive and answer what runs here; None when the row is gone, and with it everything that ran.

        `also` writes in the same unit.
        """
        async with self.database.unit() as uow:
            if not await uow.run(BEAT, id=self.id, now=clock.now()):
                return None
            for write in also:
                await write(uow)
            return await uow.all(MINE, worker=self.id)

    async def leave(self) -> None:
        """Remove the row. What the table says runs here is given back: claims that ended unheard, jobs that cannot be stopped."""
        if self.id is not None:
            async with self.database.unit() as uow:
                await uow.run(GIVE_BACK_ALL, mine=self.id)
                await uow.run(LEAVE, id=self.id)
        self._let_go()

    def _let_go(self) -> None:
        if self._lifeline is not None and self.id is not None:
            _path(self.folder, self.id).unlink(missing_ok=True)
            os.close(self._lifeline)
        self._lifeline = self.id = None


def is_dead(folder: Path, worker: UUID) -> bool:
    """Whether a process of this machine and data folder has ended: the kernel has freed its lock. False when nobody can say."""
    path = _path(folder, worker)
    try:
        lifeline = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(lifeline, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(lifeline)
    return True


def forget(folder: Path, worker: UUID) -> None:
    """Remove the lock's file of a process that has ended."""
    _path(folder, worker).unlink(missing_ok=True)


def _held(folder: Path, worker: UUID) -> int:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lifeline = os.open(_path(folder, worker), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(lifeline, fcntl.LOCK_EX)
    return lifeline


def _path(folder: Path, worker: UUID) -> Path:
    return folder / f"worker-{worker.hex}.alive"
