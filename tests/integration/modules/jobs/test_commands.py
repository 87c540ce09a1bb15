"""`mainspring jobs ...` (R-268)."""

import json

import pytest

from mainspring.core import ids
from tests.integration.modules.command_line import command, live_in

pytestmark = pytest.mark.anyio


@pytest.fixture
def run(database_url, tmp_path, monkeypatch, capsys):
    live_in(tmp_path, database_url, monkeypatch)
    return command("jobs", capsys)


async def test_jobs_are_listed_one_a_line_without_colour(run, add_job):
    dead = await add_job("dead", queue="mail", failures=3, error="ValueError: no ink")
    await add_job("done", queue="mail")

    shown = await run("list", "--state", "dead", "--queue", "mail", "--name", "workshop.stamp")

    assert shown.returncode == 0, shown.stderr
    (line,) = shown.stdout.splitlines()
    assert line.split()[:5] == [str(dead), "workshop.stamp", "mail", "dead", "3/3"]
    assert line.endswith("ValueError: no ink")
    assert "\x1b" not in shown.stdout
    assert json.loads((await run("list", "--state", "dead", "--json")).stdout)[0]["id"] == str(dead)


async def test_one_job_is_shown_with_its_order(run, add_job):
    job = await add_job("running", progress={"done": 1, "total": 2, "text": ""})

    assert '{"text":"a"}' in (await run("show", str(job))).stdout
    assert json.loads((await run("show", str(job), "--json")).stdout)["progress"] == {"done": 1, "total": 2, "text": ""}


async def test_a_job_that_is_not_there_is_told_and_ends_with_one(run):
    shown = await run("show", str(ids.new()))

    assert (shown.returncode, shown.stdout) == (1, "")
    assert "was not found" in shown.stderr
    assert (await run("show", "nonsense")).returncode == (await run("list", "--state", "asleep")).returncode == 2


async def test_the_statistics_tell_each_queue_and_what_nobody_knows(run, add_job):
    await add_job(queue="mail", name="gone.job")
    await add_job("dead", queue="mail")

    shown = await run("stats")
    told = json.loads((await run("stats", "--json")).stdout)

    assert shown.stdout.split()[:6] == ["mail", "1", "0", "0", "0", "1"]
    assert "1 of gone.job in mail: no installed module knows this job." in shown.stderr
    assert "No worker is alive." in shown.stderr
    assert (told["workers"], told["queues"][0]["dead"], told["unknown"][0]["name"]) == (0, 1, "gone.job")


async def test_dead_jobs_run_again_by_id_by_name_or_all(run, database, add_job):
    one = await add_job("dead")
    named = [await add_job("dead", name="workshop.polish") for _ in range(3)]
    await add_job("dead", queue="mail", dedup_key="a")
    await add_job("waiting", queue="mail", dedup_key="a")

    assert (await run("retry", str(one))).stdout == "1 of 1 dead jobs run again.\n"
    assert (await run("retry", str(one))).returncode == 1
    assert (await run("retry", "--name", "workshop.polish")).stdout == f"{len(named)} of {len(named)} dead jobs run again.\n"
    rest = await run("retry", "--all")
    assert (rest.returncode, rest.stdout) == (1, "0 of 1 dead jobs run again.\n")
    assert "the same work is waiting already" in rest.stderr


async def test_what_to_run_again_must_be_said(run):
    assert (await run("retry")).returncode == (await run("retry", "--all", "--name", "a")).returncode == 2


async def test_a_job_is_cancelled(run, add_job):
    waiting, running, done = await add_job("waiting"), await add_job("running"), await add_job("done")

    assert (await run("cancel", str(waiting))).stdout == "Cancelled.\n"
    assert (await run("cancel", str(running))).stdout == "It was asked to stop.\n"
    ended = await run("cancel", str(done))
    assert (ended.returncode, "cannot be cancelled" in ended.stderr) == (1, True)
