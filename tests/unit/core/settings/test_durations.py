"""R-065: durations as text."""

from datetime import timedelta

import pytest

from mainspring.core.settings import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"), [("0s", 0), ("10s", 10), ("15m", 900), ("12h", 43_200), ("7d", 604_800), ("90m", 5_400)]
)
def test_a_duration_is_a_number_and_a_unit(text, seconds):
    assert parse_duration(text) == timedelta(seconds=seconds)
    assert parse_duration(format_duration(parse_duration(text))) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "15", "m", "1.5h", "-1s", "1w", "1 h", "1h\n", "15M", "\u0661s", "9" * 30 + "d"])
def test_anything_else_is_refused(text):
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)
