"""How long a start takes once everything is installed and migrated."""

import time

import pytest

from mainspring.testing.servers import start_server


@pytest.mark.slow
def test_a_later_start_takes_less_than_two_seconds(tmp_path):
    times = []
    for _ in range(6):
        started = time.monotonic()
        with start_server("", tmp_path, env={"DATABASE_URL": ""}) as running:
            times.append(time.monotonic() - started)
            running.stop()

    assert sorted(times[1:])[2] < 2.0
