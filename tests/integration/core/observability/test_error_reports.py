"""Unexpected errors reach a server that speaks Sentry's protocol (R-158), expected ones and secrets never (R-157, R-183)."""

import asyncio
import logging
import time

import httpx2
import pytest

from mainspring import __version__
from mainspring.core import tasks
from mainspring.core.application import Application
from mainspring.core.errors import NotFound
from mainspring.core.http import Router
from mainspring.core.http.app import HttpApp
from mainspring.core.jobs.draining import work_until_idle
from mainspring.core.module import Module, discover
from mainspring.core.observability import captured_logs, get_logger
from mainspring.core.observability.logs import _Bridge
from mainspring.core.observability.reports import MOST_ALIKE, REPORTS
from mainspring.core.security.guard import public
from mainspring.core.workflows import StillRunning, Workflows
from tests.integration.core.jobs.workshop import jobs as workshop
from tests.integration.core.workflows.sagas import trip

WORKSHOP = Module("workshop", "tests.integration.core.jobs.workshop")
CANARY = "canary-5527-quartz"


@pytest.fixture
def environment(inbox):
    return {"SENTRY_DSN": inbox.dsn, "SERVICE_NAME": "till", "RATE_LIMITS": "off"}


@pytest.fixture
async def application(settings):
    workshop.reset()
    application = Application(settings, [*discover(), WORKSHOP])
    await application.start()
    try:
        yield application
    finally:
        await application.stop()


def routes() -> Router:
    router = Router(dependencies=[public])

    @router.post("/bugs/{id}")
    async def bug(id: int, body: dict[str, str]) -> str:
        secret = body["password"]  # a local variable
        raise RuntimeError(f"cannot reach postgresql://app:{secret}@db/app as Bearer eyJhbGciOi.{secret}.x\n{secret}")

    @router.get("/situation")
    async def situation() -> str:
        raise NotFound()

    return router


@pytest.fixture
async def client(application):
    transport = httpx2.ASGITransport(app=HttpApp(application, [routes()]), raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        yield client


async def test_a_bug_of_a_request_is_reported_without_what_was_sent(client, inbox):
    sent = {"X-Request-ID": "r-7", "Authorization": f"Bearer {CANARY}", "Cookie": f"accessToken={CANARY}", "User-Agent": CANARY}

    assert (await client.get("/api/v1/situation")).status_code == 404
    answer = await client.post(f"/api/v1/bugs/7?token={CANARY}", json={"password": CANARY}, headers=sent)
    assert answer.status_code == 500
    (event,) = await asyncio.to_thread(inbox.until, 1)

    (raised,) = event["exception"]["values"]
    assert (raised["type"], event["transaction"], event["environment"]) == ("RuntimeError", "POST /api/v1/bugs/{id}", "test")
    assert event["release"] == f"till@{__version__}"
    assert event["tags"]["request_id"] == "r-7"
    assert raised["stacktrace"]["frames"][-1]["function"] == "bug"
    assert all("vars" not in frame for frame in raised["stacktrace"]["frames"])
    assert CANARY.encode() not in b"".join(inbox.bodies)
    assert not event.get("server_name")
    assert not {"request", "breadcrumbs", "modules", "extra"} & event.keys()


async def test_jobs_workflows_and_tasks_are_reported_too(application, inbox, tmp_path):
    bridge = _Bridge()
    logging.getLogger("mainspring").addHandler(bridge)
    try:
        async with application.unit() as uow:
            job = uow.enqueue(workshop.Stamp("a", fail=1))
        await work_until_idle(application)
        with pytest.raises(StillRunning):
            await application.resolve(Workflows).run(trip(tmp_path, "confirm=fail-once"), wait=asyncio_moment())
        with pytest.raises(KeyError):
            await tasks.start(raising(), name="a watcher")
        await asyncio.sleep(0)
        events = await asyncio.to_thread(inbox.until, 3)
    finally:
        logging.getLogger("mainspring").removeHandler(bridge)

    by_event = {event["tags"]["event"]: event for event in events}
    assert by_event["job_failed"]["transaction"] == "JOB workshop.stamp"
    assert by_event["job_failed"]["tags"]["job_id"] == str(job)
    assert "workflow_step_failed" in by_event
    assert by_event["task a watcher failed"]["exception"]["values"][0]["type"] == "KeyError"


async def raising() -> None:
    raise KeyError("key")


def asyncio_moment():
    from datetime import timedelta

    return timedelta(milliseconds=300)


async def test_the_same_error_again_and_again_is_no_flood(application, inbox):
    before = REPORTS.of("left_out").value
    for _ in range(100):
        fail()
    get_logger("shop").error("failed", error=ValueError("another"))

    events = await asyncio.to_thread(inbox.until, MOST_ALIKE + 1)
    await asyncio.sleep(0.2)
    assert len(inbox.events) == MOST_ALIKE + 1
    assert {event["exception"]["values"][0]["type"] for event in events} == {"RuntimeError", "ValueError"}
    assert REPORTS.of("left_out").value - before == 100 - MOST_ALIKE


def fail() -> None:
    try:
        raise RuntimeError("again")
    except RuntimeError:
        get_logger("shop").exception("failed")


async def test_a_server_that_hangs_keeps_nobody_waiting(settings, inbox):
    inbox.is_hanging.set()
    application = Application(settings, discover())
    await application.start()

    began = time.monotonic()
    with captured_logs() as lines:
        fail()
    assert time.monotonic() - began < 1.0
    await application.stop()

    assert time.monotonic() - began < 15.0
    assert [line["message"] for line in lines] == ["failed"]
