"""Backoffs, rates and the moments of schedules (R-264, R-267)."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from mainspring.core.jobs import Backoff
from mainspring.core.jobs.outcomes import told
from mainspring.core.jobs.rates import Rate
from mainspring.core.jobs.timetable import CronTimes, EveryTimes, ticks_between

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


def test_a_backoff_grows_to_its_longest() -> None:
    backoff = Backoff(first=timedelta(seconds=1), factor=3, longest=timedelta(seconds=20), jitter=False)

    assert [backoff.delay(failures).total_seconds() for failures in (1, 2, 3, 4, 5, 10_000)] == [1, 3, 9, 20, 20, 20]


def test_jitter_spreads_the_whole_wait() -> None:
    backoff = Backoff(first=timedelta(seconds=1), factor=2, longest=timedelta(seconds=60))

    waits = [backoff.delay(5).total_seconds() for _ in range(500)]

    assert 0.1 <= min(waits) < 4
    assert 12 < max(waits) <= 16


@pytest.mark.parametrize(("first", "longest", "factor"), [(5, 1, 2), (-1, 1, 2), (1, 5, 0.5)])
def test_a_backoff_that_cannot_be_meant_is_refused(first: int, longest: int, factor: float) -> None:
    with pytest.raises(ValueError, match="backoff"):
        Backoff(first=timedelta(seconds=first), longest=timedelta(seconds=longest), factor=factor)


@pytest.mark.parametrize(
    ("text", "count", "seconds"), [("100/m", 100, 60), ("5/10s", 5, 10), ("1/h", 1, 3600), ("2/d", 2, 86_400)]
)
def test_a_rate_is_read(text: str, count: int, seconds: int) -> None:
    assert Rate.of(text) == Rate(count, timedelta(seconds=seconds))


def test_periods_are_even_and_begin_where_the_name_says() -> None:
    times = EveryTimes(timedelta(minutes=5))

    ticks = list(ticks_between(times, "a.b", times.next_after(NOON, "a.b"), NOON + timedelta(hours=1)))

    assert len(ticks) == 12
    assert {second - first for first, second in pairwise(ticks)} == {timedelta(minutes=5)}
    assert times.next_after(ticks[3], "a.b") == ticks[4]
    assert times.next_after(NOON, "a.b") != times.next_after(NOON, "another")


def test_a_cron_expression_is_meant_in_its_zone() -> None:
    times = CronTimes("0 3 * * *", "America/New_York")

    assert times.next_after(NOON, "a.b") == datetime(2026, 7, 2, 7, tzinfo=UTC)
    assert times.next_after(datetime(2026, 12, 1, tzinfo=UTC), "a.b") == datetime(2026, 12, 1, 8, tzinfo=UTC)


def test_the_rules_have_texts() -> None:
    specs = [CronTimes("0 3 * * *").spec, EveryTimes(timedelta(minutes=5)).spec, EveryTimes(timedelta(seconds=1.5)).spec]

    assert specs == ["cron 0 3 * * * UTC", "every 5m", "every 1.5s"]


def test_an_error_is_told_without_the_order() -> None:
    payload = {"token": "abcdef", "nested": {"names": ["Ada Lovelace", "x"]}, "count": 3}

    text = told(ValueError("abcdef of Ada Lovelace is wrong,\n 3 times, x"), payload)

    assert text == "ValueError: ... of ... is wrong, 3 times, x"
    assert len(told(ValueError("long " * 500), {})) == 500
    assert told(KeyError(), {}) == "KeyError"
