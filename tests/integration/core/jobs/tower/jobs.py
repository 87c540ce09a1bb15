"""A schedule that ticks all the time; only the tests of schedules have this module."""

from datetime import timedelta

from mainspring.core.database import UnitOfWork
from mainspring.core.jobs import JobRun, cron, every, job
from mainspring.core.security.claim_once import offer_once

HOUR = timedelta(hours=1)


@job(queue="bells")
@every(timedelta(milliseconds=200), missed="all")
async def strike(uow: UnitOfWork, run: JobRun) -> None:
    assert run.tick is not None
    await offer_once(uow, "strike", run.tick.isoformat(), HOUR)


@cron("30 2 * * *", zone="Europe/Berlin")
@job(queue="bells")
async def night_bell(uow: UnitOfWork) -> None:
    await offer_once(uow, "night", "bell", HOUR)


@cron("0 * * * *", zone="Europe/Berlin", missed="skip")
@job(queue="bells")
async def hourly_bell(uow: UnitOfWork) -> None:
    await offer_once(uow, "hour", "bell", HOUR)
