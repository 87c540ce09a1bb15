"""Jobs over REST: what one's own work is doing, and everybody's for those who look after it."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from mainspring.core.http import Answer, PageOut, ReadUnit, Router, WriteUnit, problems

from .errors import AlreadyEnded, AlreadyWaiting, JobNotFound, NotDead
from .permissions import READ, JobSeer, JobSteerer
from .schemas import JobOut, JobQuery, WholeJobOut
from .service import JobService

router = Router(tags=["jobs"])


@router.get("/jobs")
async def list_jobs(query: Annotated[JobQuery, Query()], caller: JobSeer, uow: ReadUnit) -> PageOut[JobOut]:
    """One's own jobs, newest first; everybody's with `jobs:read`."""
    return PageOut[JobOut].of(await JobService(uow).found_by(caller, query))


@router.get("/jobs/{id}", responses=problems(JobNotFound))
async def get_job(id: UUID, caller: JobSeer, uow: ReadUnit) -> WholeJobOut:
    """What a job is doing."""
    return WholeJobOut.seen_by(await JobService(uow).seen_by(caller, id), wholly=caller.may(READ))


@router.post("/jobs/{id}/retry", status_code=202, responses=problems(JobNotFound, NotDead, AlreadyWaiting))
async def retry_job(id: UUID, caller: JobSteerer, uow: WriteUnit, reply: Answer) -> WholeJobOut:
    """Run a dead job again, from its first attempt: one's own, or any with `jobs:manage`."""
    jobs = JobService(uow)
    await jobs.may_change(caller, id)
    reply.accepted(id)
    return WholeJobOut.seen_by(await jobs.retry(id), wholly=caller.may(READ))


@router.post("/jobs/{id}/cancellation", status_code=202, responses=problems(JobNotFound, AlreadyEnded))
async def cancel_job(id: UUID, caller: JobSteerer, uow: WriteUnit, reply: Answer) -> WholeJobOut:
    """Cancel a job, at once while it waits; one that runs is asked to stop, and its state tells when it has."""
    jobs = JobService(uow)
    await jobs.may_change(caller, id)
    reply.accepted(id)
    return WholeJobOut.seen_by(await jobs.cancel(id), wholly=caller.may(READ))
