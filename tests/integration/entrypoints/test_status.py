"""`mainspring status`: who runs jobs, and what waits."""

import asyncio
import json
import os

import pytest

from mainspring.core import clock, ids
from mainspring.core.application import create_application
from mainspring.core.jobs.presence import REGISTER
from mainspring.entrypoints import cli
from mainspring.testing.databases import environment_of_tests, settings_for

KEPT = ("PATH", "HOME", "LANG", "TMPDIR")


@pytest.fixture
def status(monkeypatch, tmp_path, capsys, database_url):
    """Runs the command: (exit code, output)."""
    for name in list(os.environ):
        if name not in KEPT:
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    given = environment_of_tests() | {"DATABASE_URL": database_url, "DATA_DIR": str(tmp_path / "data")}
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    def run(*options: str) -> tuple[int, str]:
        code = cli.run(["status", *options])
        return code, capsys.readouterr().out

    return run


def register(database_url, tmp_path, *seen_at):
    async def work():
        application = create_application(settings_for(database_url, tmp_path, {}))
        await application.start()
        async with application.unit() as uow:
            for pid, moment in enumerate(seen_at, 100):
                about = {"host": "one", "pid": pid, "queues": ["mail"], "concurrency": 7, "beat": 1}
                await uow.run(REGISTER, id=ids.new(), **about, started_at=moment, seen_at=moment)
        await application.stop()

    asyncio.run(work())


def test_processes_that_live_are_shown(status, database_url, tmp_path):
    now = clock.now()
    register(database_url, tmp_path, now, now.replace(year=now.year - 1))

    code, said = status()
    as_json = json.loads(status("--json")[1])

    assert code == 0
    assert said.splitlines()[0].split()[:4] == ["one", "100", "mail", "7"]
    assert [(one["host"], one["pid"], one["concurrency"]) for one in as_json["processes"]] == [("one", 100, 7)]


def test_nobody_is_shown_when_nobody_works(status):
    assert status("--json")[1] == '{\n  "processes": [],\n  "queues": []\n}\n'
