"""When a worker has served long enough (R-317)."""

import pytest

from mainspring.core.settings import load_settings
from mainspring.entrypoints.serving.lifetime import Lifetime, resident_bytes
from mainspring.testing.databases import environment_of_tests


def lifetime(**given: str) -> Lifetime:
    return Lifetime(load_settings(environment_of_tests() | {name.upper(): value for name, value in given.items()}))


@pytest.mark.parametrize(
    ("given", "before", "after"),
    [
        ({"worker_max_age": "100s"}, (89.9, 0, 0), (100.0, 0, 0)),
        ({"worker_max_requests": "1000"}, (0, 899, 0), (0, 1000, 0)),
        ({"worker_max_memory": "1000"}, (0, 0, 999), (0, 0, 1000)),
    ],
)
def test_each_limit_ends_it(given, before, after):
    limits = [lifetime(**given) for _ in range(50)]

    assert {one.is_over(*before) for one in limits} == {None}
    assert {one.is_over(*after) for one in limits} == {next(iter(given)).removeprefix("worker_max_")}


def test_no_limit_never_ends_it():
    assert lifetime().is_over(1e9, 10**12, 10**15) is None


def test_the_resident_memory_is_that_of_this_process():
    psutil = pytest.importorskip("psutil")

    assert resident_bytes() == pytest.approx(psutil.Process().memory_info().rss, rel=0.1)
