"""How the queues are (R-268)."""

from datetime import timedelta

import pytest

from mainspring.core import clock, ids
from mainspring.core.database import Statement, insert_into
from mainspring.core.jobs.models import Worker
from mainspring.core.jobs.statistics import living_workers, oldest_ready, queue_statistics, unknown_names
from mainspring.core.jobs.totals import SPAN, Totals, forget_totals, last_hour, span_of

pytestmark = pytest.mark.anyio
ADD_WORKER = Statement(insert_into(Worker))


async def test_every_state_is_counted_per_queue(database, add_job):
    for state, count in (
        ("ready", 3),
        ("waiting", 2),
        ("blocked", 1),
        ("running", 1),
        ("dead", 2),
        ("done", 4),
        ("cancelled", 1),
    ):
        for _ in range(count):
            await add_job(state, queue="mail", due=timedelta(minutes=10) if state == "ready" else timedelta(0))
    await add_job("waiting", queue="later", due=-timedelta(hours=1))

    later, mail = await queue_statistics(database.begin_reading())

    assert (mail.queue, mail.ready, mail.scheduled, mail.blocked, mail.running, mail.dead) == ("mail", 3, 2, 1, 1, 2)
    assert mail.oldest_seconds is not None
    assert 600 <= mail.oldest_seconds < 660
    assert (later.queue, later.ready, later.scheduled, later.oldest_seconds) == ("later", 0, 1, None)


async def test_the_oldest_is_the_one_that_could_have_run_for_longest(database, add_job):
    assert await oldest_ready(database.begin_reading()) is None

    await add_job(due=timedelta(minutes=3))
    await add_job(due=timedelta(minutes=1))
    await add_job("waiting", due=-timedelta(days=1))

    assert 180 <= (await oldest_ready(database.begin_reading()) or 0) < 240


async def test_names_that_nobody_knows_are_told(database, application, add_job):
    await add_job(name="gone.job", queue="mail")
    await add_job("waiting", name="gone.job", queue="mail")
    await add_job("dead", name="gone.too")
    await add_job()

    (unknown,) = await unknown_names(database.begin_reading())

    assert (unknown.name, unknown.queue, unknown.jobs) == ("gone.job", "mail", 2)


async def test_the_last_hour_is_summed_over_processes(database):
    one, other = Totals(), Totals()
    one.note("mail", 0.5, failed=False)
    one.note("mail", 1.5, failed=True)
    other.note("mail", 1.0, failed=False)
    for totals in (one, other, one):  # the third time there is nothing to write
        async with database.unit() as uow:
            await totals.write(uow)

    (mail,) = await queue_statistics(database.begin_reading())

    assert (mail.attempts_last_hour, mail.failure_rate, mail.mean_seconds) == (3, pytest.approx(1 / 3), 1.0)


async def test_sums_of_a_heartbeat_that_failed_come_with_the_next_one(database):
    totals = Totals()
    totals.note("mail", 0.5, failed=False)
    with pytest.raises(LookupError):
        async with database.unit() as uow:
            await totals.write(uow)
            raise LookupError
    totals.note("mail", 0.5, failed=True)
    async with database.unit() as uow:
        await totals.write(uow)

    (mail,) = await last_hour(database.begin_reading())

    assert (mail.attempts, mail.failed, mail.milliseconds) == (2, 1, 1000)


async def test_what_is_older_than_an_hour_does_not_count_and_is_forgotten_later(database, monkeypatch):
    totals = Totals()
    totals.note("mail", 0.5, failed=False)
    async with database.unit() as uow:
        await totals.write(uow)
    now = clock.now()

    monkeypatch.setattr(clock, "now", lambda: now + timedelta(hours=1) + SPAN)
    assert await last_hour(database.begin_reading()) == []
    async with database.unit() as uow:
        assert await forget_totals(uow) == 0
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(days=3))
    async with database.unit() as uow:
        assert await forget_totals(uow) == 1


async def test_only_workers_that_were_seen_lately_are_alive(database):
    now = clock.now()
    async with database.unit() as uow:
        for age in (timedelta(0), timedelta(minutes=5)):
            row = {"host": "a", "pid": 1, "queues": [], "concurrency": 10, "beat": 1, "started_at": now, "seen_at": now - age}
            await uow.run(ADD_WORKER, id=ids.new(), **row)

    assert await living_workers(database.begin_reading()) == 1


def test_a_span_begins_every_five_minutes():
    moment = clock.now().replace(minute=13, second=59, microsecond=7)

    assert span_of(moment) == moment.replace(minute=10, second=0, microsecond=0)
