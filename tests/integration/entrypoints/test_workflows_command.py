"""`mainspring workflows`: what it shows and what it does."""

import asyncio
import os
from uuid import UUID

import pytest

from mainspring.core import ids
from mainspring.core.application import create_application
from mainspring.core.jobs.draining import work_until_idle
from mainspring.core.workflows import Workflows
from mainspring.entrypoints import cli
from mainspring.testing.databases import environment_of_tests
from tests.integration.core.workflows.sagas import BookTrip, trip

KEPT = ("PATH", "HOME", "LANG", "TMPDIR")


@pytest.fixture
def mainspring(monkeypatch, tmp_path, capsys, database_url):
    """Runs a command in this process, on the database of the test: (exit code, output, errors)."""
    for name in [name for name in os.environ if name not in KEPT]:
        monkeypatch.delenv(name)
    for name, value in (environment_of_tests() | {"DATABASE_URL": database_url, "DATA_DIR": str(tmp_path / "data")}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        code = cli.run(list(arguments))
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture
def started(settings):
    """Starts a workflow and carries it as far as it comes."""

    def start(wish=None):
        async def deed():
            application = create_application(settings)
            await application.start()
            id = None
            if wish is not None:
                async with application.unit() as uow:
                    id = await application.resolve(Workflows).start(uow, wish, key="k-1")
            for _ in range(4):
                await work_until_idle(application)
                await asyncio.sleep(0.01)
            await application.stop()
            return id

        return asyncio.run(deed())

    return start


def test_each_step_is_shown_with_its_state_and_error(mainspring, started, tmp_path):
    id = started(trip(tmp_path, "confirm=refuse"))

    code, shown, _ = mainspring("workflows", "show", str(id))

    assert code == 0
    lines = shown.splitlines()
    assert f"id:        {id}" in lines
    assert "state:     undone" in lines
    assert "error:     sagas.sold_out: There is no seat left." in lines
    steps = [line.split() for line in lines[lines.index("") + 1 :]]
    assert [(step[0], step[1], step[2]) for step in steps] == [
        ("reserve", "step", "undone"),
        ("charge", "call", "undone"),
        ("confirm", "step", "failed"),
    ]
    assert "sagas.sold_out:" in steps[2]


def test_a_stuck_one_is_found_and_goes_on(mainspring, started, tmp_path):
    id = started(trip(tmp_path, "confirm=fail-thrice"))
    _, listed, _ = mainspring("workflows", "list", "--stuck")

    code, said, _ = mainspring("workflows", "retry", str(id))
    started()

    assert listed.split()[:4] == [str(id), "sagas.book_trip", "stuck", "confirm"]
    assert listed.rstrip().endswith("RuntimeError: confirm failed")
    assert (code, said) == (0, ""), "quiet when nobody looks"
    assert "state:     done" in mainspring("workflows", "show", str(id))[1].splitlines()
    assert mainspring("workflows", "list", "--stuck")[1] == ""


def test_a_stuck_one_is_undone_when_it_is_cancelled(mainspring, started, tmp_path):
    id = started(trip(tmp_path, "confirm=fail"))

    mainspring("workflows", "cancel", str(id))
    started()

    assert (
        "error:     WORKFLOW_CANCELLED: This was cancelled and undone."
        in mainspring("workflows", "show", str(id))[1].splitlines()
    )


def test_what_cannot_be_done_is_one_sentence(mainspring, started, tmp_path):
    id = started(BookTrip(ids.new(), str(tmp_path)))

    assert mainspring("workflows", "show", str(UUID(int=0))) == (1, "", "There is no such workflow.\n")
    assert mainspring("workflows", "cancel", str(id)) == (1, "", "The workflow is done already.\n")
    code, _, errors = mainspring("workflows", "list", "--state", "sleeping")
    assert code == 2
    assert "A workflow is running, waiting, undoing, done, undone, stuck." in " ".join(errors.split())
