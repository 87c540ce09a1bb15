"""The rules about looking at jobs, running dead ones again, and cancelling."""

from uuid import UUID

from mainspring.core.database import Page, Slice, UnitOfWork
from mainspring.core.errors import Forbidden
from mainspring.core.jobs.listing import JOBS, JobRow, WholeJob, job_by_id
from mainspring.core.jobs.models import CANCELLED, DEAD
from mainspring.core.jobs.steering import cancel, replay
from mainspring.core.security.principal import Principal

from .errors import AlreadyEnded, AlreadyWaiting, JobNotFound, NotDead
from .permissions import MANAGE, READ
from .schemas import JobQuery


class JobService:
    """Shows jobs and looks after them: for their owner, and for holders of a permission. For all others they are not there."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    async def find(self, query: JobQuery) -> Page[JobRow] | Slice[JobRow]:
        """The jobs that a query asks for, whoever asks."""
        return await query.fetch(self.uow, JOBS)

    async def found_by(self, caller: Principal, query: JobQuery) -> Page[JobRow] | Slice[JobRow]:
        """The same as far as the caller may see them: every job with `jobs:read`, else one's own."""
        if caller.may(READ):
            return await self.find(query)
        return await query.fetch(self.uow, JOBS, owner_id=caller.id)

    async def get(self, id: UUID) -> WholeJob:
        """A job, whoever asks. Raises JobNotFound."""
        job = await job_by_id(self.uow, id)
        if job is None:
            raise JobNotFound(id)
        return job

    async def seen_by(self, caller: Principal, id: UUID) -> WholeJob:
        """A job that the caller may see. Raises JobNotFound."""
        job = await self.get(id)
        if job.owner_id != caller.id and not (caller.may(READ) or caller.may(MANAGE)):
            raise JobNotFound(id)
        return job

    async def retry(self, id: UUID) -> WholeJob:
        """Run a dead job again from its first attempt, whoever asks. Raises JobNotFound, NotDead, AlreadyWaiting."""
        job = await self.get(id)
        if job.state != DEAD:
            raise NotDead(job.state)
        if not await replay(self.uow, [id]):
            raise AlreadyWaiting()
        return await self.get(id)

    async def cancel(self, id: UUID) -> WholeJob:
        """Cancel a job, whoever asks: at once while it waits, by asking it to stop while it runs.

        A second time changes nothing. Raises JobNotFound, AlreadyEnded.
        """
        job = await self.get(id)
        if job.state != CANCELLED and not await cancel(self.uow, id):
            raise AlreadyEnded((await self.get(id)).state)
        return await self.get(id)

    async def may_change(self, caller: Principal, id: UUID) -> None:
        """Return for a job that the caller may run again and cancel. Raises JobNotFound, Forbidden."""
        job = await self.seen_by(caller, id)
        if job.owner_id != caller.id and not caller.may(MANAGE):
            raise Forbidden(f"Permission '{MANAGE}' required", details={"required": [MANAGE]})


async def owner_of(uow: UnitOfWork, id: UUID) -> UUID | None:
    """Whose work the job is."""
    job = await job_by_id(uow, id)
    return job.owner_id if job else None
