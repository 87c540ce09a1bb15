"""What every test shares: the event loop, the options `--slow` and `--full`, and the count of tests on each database."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
DATABASES = ("sqlite", "postgresql")
PASSED_ON: "Counter[str]" = Counter()
SKIPPED: list[str] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the tests marked slow too")
    parser.addoption("--full", action="store_true", help="run the tests marked full too: guarantees at their full size")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    kept, left_out = [], []
    for item in items:
        unwanted = any(item.get_closest_marker(mark) and not config.getoption(f"--{mark}") for mark in ("slow", "full"))
        asked_by_name = any("::" in argument for argument in config.args)
        (left_out if unwanted and not asked_by_name else kept).append(item)
        used = [value for value in _parameters(item).values() if value in DATABASES]
        item.user_properties.extend(("database", name) for name in used)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped:
        SKIPPED.append(f"{report.nodeid}: {report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr}")
    if report.when == "call" and report.passed:
        PASSED_ON.update(value for name, value in report.user_properties if name == "database")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if _is_worker(session.config) or not session.config.getoption("--complete") or exitstatus != pytest.ExitCode.OK:
        return
    if SKIPPED or PASSED_ON["sqlite"] != PASSED_ON["postgresql"]:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if PASSED_ON:
        counts = ", ".join(f"{name} {PASSED_ON[name]} passed" for name in DATABASES)
        terminalreporter.write_line(f"tests with a database: {counts}")
    for line in SKIPPED:
        terminalreporter.write_line(f"skipped: {line}")
    if SKIPPED and config.getoption("--complete"):
        terminalreporter.write_line("nothing may be skipped with --complete", red=True)


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return "asyncio", {"use_uvloop": True}


def _parameters(item: pytest.Item) -> dict[str, Any]:
    return getattr(getattr(item, "callspec", None), "params", {})


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")
