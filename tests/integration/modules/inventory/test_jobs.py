"""The job that puts expired reservations back (R-282)."""

from datetime import timedelta

from mainspring.core import ids
from mainspring.core.jobs import JobBook
from mainspring.modules.inventory.jobs import release_expired

PAST = timedelta(seconds=-1)


class Run:
    """An attempt at the job, as far as the job looks."""

    is_cancelled = False

    def __init__(self, application):
        self.unit = application.unit


async def test_the_clock_puts_back_what_expired(application, shelf):
    lamp, kept = await shelf.product(50), ids.new()
    for _ in range(5):
        await shelf.reserve(ids.new(), (lamp, 3), ttl=PAST)
    await shelf.reserve(kept, (lamp, 1))

    await release_expired(Run(application))

    assert await shelf.level(lamp) == (49, 1)


async def test_the_job_goes_on_until_nothing_is_left(application, shelf, monkeypatch):
    monkeypatch.setattr("mainspring.modules.inventory.jobs.AT_ONCE", 2)
    monkeypatch.setattr("mainspring.modules.inventory.service.InventoryService.release_expired.__defaults__", (2,))
    lamp = await shelf.product(50)
    for _ in range(5):
        await shelf.reserve(ids.new(), (lamp, 1), ttl=PAST)

    await release_expired(Run(application))

    assert await shelf.level(lamp) == (50, 0)


async def test_the_program_knows_the_job_and_its_clock(application):
    assert "inventory.release_expired" in {definition.name for definition in application.resolve(JobBook)}
    assert "credits.check_ledger" in {definition.name for definition in application.resolve(JobBook)}
