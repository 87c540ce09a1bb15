"""An installation, whoever changes it, and a doctor who looks at it."""

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
def doctor(monkeypatch, tmp_path, capsys):
    """Looks at an installation in an empty folder: (exit code, sentences by group, output)."""
    for name in list(os.environ):
        if name not in KEPT:
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir(mode=0o700)
    given = environment_of_tests() | {"DATA_DIR": str(tmp_path / "data")}

    def look(**settings: str) -> tuple[int, dict[str, list[str]], str]:
        for name, value in (given | settings).items():
            monkeypatch.setenv(name, value)
        code = cli.run(["doctor", "--json"])
        said = capsys.readouterr()
        groups: dict[str, list[str]] = {}
        for one in json.loads(said.out)["findings"]:
            assert one["cure"]
            groups.setdefault(one["group"], []).append(one["sentence"])
        return code, groups, said.out + said.err

    return look


@pytest.fixture
def write(database_url, tmp_path):
    """Changes the database of the installation: `write(deed)`, which gets a unit of work."""

    def run(deed, after=None, **settings):
        async def work():
            application = create_application(settings_for(database_url, tmp_path, settings))
            await application.start()
            try:
                async with application.unit() as uow:
                    await deed(uow)
                if after is not None:
                    await after(application)
            finally:
                await application.stop()

        asyncio.run(work())

    return run


async def a_worker(uow):
    now = clock.now()
    about = {"host": "here", "pid": 1, "queues": ["default"], "concurrency": 1, "beat": 1}
    await uow.run(REGISTER, id=ids.new(), **about, started_at=now, seen_at=now)


@pytest.fixture
def at_work(write):
    """A process that runs jobs."""
    write(a_worker)
