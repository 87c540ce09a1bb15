"""Schedules: one run per tick over all processes, where clocks change and where they jump (R-264)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from mainspring.core import clock
from mainspring.core.application import Application
from mainspring.core.database import Database, Statement, bind
from mainspring.core.jobs import JobBook
from mainspring.core.jobs.models import Job, Schedule
from mainspring.core.jobs.scheduling import Scheduler
from mainspring.core.jobs.timetable import CronTimes
from mainspring.core.module import Module, discover
from mainspring.core.settings import Settings
from tests.integration.core.jobs.conftest import marks, until
from tests.integration.core.jobs.test_crashes import process, ready

__all__ = ["process"]  # a fixture
BERLIN = ZoneInfo("Europe/Berlin")
PERIOD = timedelta(milliseconds=200)
TICKS = Statement(select(Job.run_at).where(Job.name == bind("name", Job.name)).order_by(Job.run_at), datetime)
SPEC = Statement(select(Schedule.spec).where(Schedule.name == bind("name", Schedule.name)), str)


@dataclass
class Clock:
    now: datetime


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that stands still until the test moves it."""
    hands = Clock(datetime(2026, 3, 28, 12, tzinfo=UTC))
    monkeypatch.setattr(clock, "now", lambda: hands.now)
    return hands


@pytest.fixture
async def schedulers(settings: Settings, hands: Clock) -> AsyncIterator[list[Scheduler]]:
    """Four processes with the bells of the tower."""
    application = Application(settings, [*discover(), Module("tower", "tests.integration.core.jobs.tower")])
    await application.start()
    four = [Scheduler(application) for _ in range(4)]
    for scheduler in four:
        scheduler.definitions = {name: one for name, one in scheduler.definitions.items() if name.startswith("tower.")}
        await scheduler.register()
    yield four
    await application.stop()


async def pass_time(schedulers: list[Scheduler], hands: Clock, until_moment: datetime, step: timedelta) -> None:
    """Let the clock run in steps; each time all four look."""
    while hands.now < until_moment:
        hands.now += step
        await asyncio.gather(*(scheduler.tick() for scheduler in schedulers))


async def ticks(schedulers: list[Scheduler], name: str) -> list[datetime]:
    return await schedulers[0].database.begin_reading().all(TICKS, name=f"tower.{name}")


def silence(schedulers: list[Scheduler], *names: str) -> None:
    for scheduler in schedulers:
        scheduler.definitions = {name: scheduler.definitions[name] for name in (f"tower.{one}" for one in names)}


async def test_an_hour_that_the_clocks_skip_runs_once(schedulers: list[Scheduler], hands: Clock) -> None:
    silence(schedulers, "night_bell")

    await pass_time(schedulers, hands, datetime(2026, 3, 30, 12, tzinfo=UTC), timedelta(minutes=10))

    # On the 29th the clocks of Berlin went from 2:00 to 3:00.
    assert await ticks(schedulers, "night_bell") == [
        datetime(2026, 3, 29, 3, 0, tzinfo=BERLIN),
        datetime(2026, 3, 30, 2, 30, tzinfo=BERLIN),
    ]


async def test_an_hour_that_comes_twice_runs_once(schedulers: list[Scheduler], hands: Clock) -> None:
    silence(schedulers, "night_bell")
    hands.now = datetime(2026, 10, 24, 12, tzinfo=UTC)
    for scheduler in schedulers:
        scheduler._read_at = 0.0
    await pass_time(schedulers, hands, datetime(2026, 10, 24, 12, 10, tzinfo=UTC), timedelta(minutes=10))
    before = len(await ticks(schedulers, "night_bell"))  # one for the half year in which nobody looked

    await pass_time(schedulers, hands, datetime(2026, 10, 26, 12, tzinfo=UTC), timedelta(minutes=10))

    assert before == 1
    assert (await ticks(schedulers, "night_bell"))[1:] == [
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),  # 2:30 in summer time; an hour later it is 2:30 again
        datetime(2026, 10, 26, 1, 30, tzinfo=UTC),
    ]


async def test_an_hourly_tick_follows_the_time_that_passes(schedulers: list[Scheduler], hands: Clock) -> None:
    silence(schedulers, "hourly_bell")
    hands.now = datetime(2026, 3, 28, 20, 59, 50, tzinfo=UTC)
    await schedulers[0].tick()

    await pass_time(schedulers, hands, hands.now + timedelta(hours=6), timedelta(seconds=20))

    found = (await ticks(schedulers, "hourly_bell"))[-6:]
    assert [(second - first) for first, second in pairwise(found)] == [timedelta(hours=1)] * 5


async def test_a_clock_that_jumps_ahead_runs_one_for_all_that_were_missed(schedulers: list[Scheduler], hands: Clock) -> None:
    silence(schedulers, "night_bell", "hourly_bell")

    hands.now += timedelta(days=40, minutes=20)
    await asyncio.gather(*(scheduler.tick() for scheduler in schedulers))

    assert await ticks(schedulers, "night_bell") == [datetime(2026, 5, 7, 2, 30, tzinfo=BERLIN)]
    assert await ticks(schedulers, "hourly_bell") == []


async def test_every_missed_tick_runs_where_that_is_wanted_but_not_without_end(schedulers: list[Scheduler], hands: Clock) -> None:
    silence(schedulers, "strike")

    hands.now += timedelta(hours=1)
    await asyncio.gather(*(scheduler.tick() for scheduler in schedulers))

    found = await ticks(schedulers, "strike")
    assert len(found) == 100
    assert {second - first for first, second in pairwise(found)} == {PERIOD}


async def test_a_clock_that_is_set_back_neither_repeats_a_tick_nor_stops_them(schedulers: list[Scheduler], hands: Clock) -> None:
    silence(schedulers, "hourly_bell", "strike")
    await pass_time(schedulers, hands, hands.now + timedelta(seconds=2), PERIOD)
    await pass_time(schedulers, hands, hands.now + timedelta(hours=2), timedelta(seconds=20))
    hourly, strikes = await ticks(schedulers, "hourly_bell"), len(await ticks(schedulers, "strike"))
    hands.now -= timedelta(minutes=90)

    await pass_time(schedulers, hands, hands.now + timedelta(seconds=2), PERIOD)
    await pass_time(schedulers, hands, hands.now + timedelta(hours=3), timedelta(seconds=20))

    found = await ticks(schedulers, "hourly_bell")
    assert len(set(found)) == len(found) == len(hourly) + 1
    assert len(await ticks(schedulers, "strike")) > strikes


async def test_a_clock_that_was_wrong_by_a_year_does_not_silence_a_schedule(schedulers: list[Scheduler], hands: Clock) -> None:
    silence(schedulers, "hourly_bell", "night_bell")
    right = hands.now
    hands.now += timedelta(days=365)
    await asyncio.gather(*(scheduler.tick() for scheduler in schedulers))
    hands.now = right

    await pass_time(schedulers, hands, right + timedelta(days=1), timedelta(seconds=29))

    assert datetime(2026, 3, 29, 3, 0, tzinfo=BERLIN) in await ticks(schedulers, "night_bell")
    assert len([tick for tick in await ticks(schedulers, "hourly_bell") if tick < right + timedelta(days=2)]) == 24


async def test_a_changed_rule_begins_anew(schedulers: list[Scheduler], hands: Clock) -> None:
    silence(schedulers, "night_bell")
    changed = schedulers[0]
    definition = changed.definitions["tower.night_bell"]
    changed.definitions = {"tower.night_bell": replace(definition, times=CronTimes("0 13 * * *"))}
    await changed.register()

    await pass_time(schedulers, hands, hands.now + timedelta(days=2), timedelta(minutes=10))

    assert await changed.database.begin_reading().all(SPEC, name="tower.night_bell") == ["cron 0 13 * * * UTC once"]
    assert await ticks(schedulers, "night_bell") == [datetime(2026, 3, day, 13, tzinfo=UTC) for day in (28, 29)]


@pytest.mark.parametrize("wanted", [15, pytest.param(100, marks=pytest.mark.full)])
async def test_four_processes_run_each_tick_once(application: Application, database: Database, process, wanted: int) -> None:
    four = [process(modules="tower") for _ in range(4)]
    await ready(*four)

    await until(lambda: _so_many(database, wanted), 60 + wanted)

    struck = [datetime.fromisoformat(mark) for mark in await marks(database, "strike")]
    assert len(set(struck)) == len(struck)
    assert {second - first for first, second in pairwise(struck)} == {PERIOD}


async def _so_many(database: Database, wanted: int) -> bool:
    return len(await marks(database, "strike")) >= wanted


def test_the_tower_is_read(settings: Settings) -> None:
    book = JobBook.of([Module("tower", "tests.integration.core.jobs.tower")])

    definition = book.find("tower.strike")
    assert definition is not None
    assert (definition.options.queue, definition.missed) == ("bells", "all")
