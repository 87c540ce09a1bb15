"""The arithmetic of the benchmarks and their checks of answers."""

import json
from typing import Any

import pytest

from benchmarks import load
from benchmarks.checking import WrongAnswer, check_list, check_window
from benchmarks.load import Window
from benchmarks.report import Measured, Results, floors, ratio, table, void

PRODUCT = {"id": "", "name": "", "description": "", "category": "", "price": {"amount": 1}, "stock": 1, "updatedAt": ""}


def window(per_second: float, *, failed: int = 0, p99: float = 10.0) -> Window:
    return Window(int(per_second), failed, per_second, 5.0, 8.0, p99, 200.0, 100.0, 12.0, 0.01)


def measured(database: str, subject: str, speeds: list[float], workers: int = 1) -> Measured:
    windows = [window(speed) for speed in speeds]
    return Measured(database, workers, subject, windows, windows, [1.0], [[50.0, 40.0]], [[60.0, 40.0]])


def results(*all_of_them: Measured) -> Results:
    return {(each.database, each.workers, each.subject): each for each in all_of_them}


def page(**changes: Any) -> bytes:
    rows = [{**PRODUCT, "id": f"{20 - number:02}", "createdAt": f"2026-01-{20 - number:02}", **changes} for number in range(20)]
    return json.dumps({"data": rows, "pagination": {"limit": 20, "nextCursor": "x", "prevCursor": None}}).encode()


def test_the_ratio_is_the_median_of_the_rounds_own_ratios():
    found = results(
        measured("postgresql", "ceiling", [6000, 8000, 3000]), measured("postgresql", "mainspring", [4500, 4000, 2700])
    )

    assert ratio(found, "postgresql", 1, "lists") == 0.75


def test_a_slow_ceiling_makes_the_run_void():
    assert void(results(measured("postgresql", "ceiling", [7000, 7100, 7200]))) == []
    assert len(void(results(measured("postgresql", "ceiling", [5000, 5100, 9000])))) == 1
    assert len(void(results(measured("postgresql", "ceiling", [3000, 3100, 3200])))) == 2


def test_missed_floors_are_told():
    found = results(measured("sqlite", "mainspring", [4000]), measured("sqlite", "mainspring", [8000], workers=2))

    missed = [sentence for sentence, kept in floors(found) if not kept]

    assert missed == ["SQLite: at least 4500 lists a second in a process: 4000"]
    assert "sqlite" in table(found)


def test_failed_requests_are_told():
    check_window(window(100))
    with pytest.raises(WrongAnswer, match="3 of 103"):
        check_window(window(100, failed=3))


def test_a_right_list_passes():
    check_list(200, page())


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, page()), (200, page(createdAt="2026-01-01", id="same")), (200, page(price={"amount": "1"})), (200, b'{"data":[]}')],
)
def test_a_wrong_list_is_told(status: int, body: bytes):
    with pytest.raises((WrongAnswer, KeyError)):
        check_list(status, body)


def test_a_missing_wrk_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "")

    with pytest.raises(SystemExit, match="needs wrk"):
        load.find_wrk()
