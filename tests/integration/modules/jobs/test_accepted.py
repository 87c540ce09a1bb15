"""A route whose work goes on as a job."""

import pytest

from mainspring.core.http import Answer, Router, WriteUnit
from mainspring.core.http.app import HttpApp
from mainspring.core.jobs.upkeep import prune_jobs
from mainspring.core.security.guard import CurrentUser
from mainspring.modules.jobs.routes import router as jobs

pytestmark = pytest.mark.anyio
router = Router()


@router.post("/prunings", status_code=202)
async def prune(caller: CurrentUser, uow: WriteUnit, reply: Answer) -> None:
    reply.accepted(uow.enqueue(prune_jobs, owner_id=caller.id))


async def test_the_answer_says_where_the_work_can_be_watched(app, application):
    ada = await app.sign_up()
    app.http._transport.app = HttpApp(application, [router, jobs])

    answer = await app.as_(ada).post("/api/v1/prunings")
    before = (await app.as_(ada).get(answer.headers["location"])).json()
    await app.work()
    after = (await app.as_(ada).get(answer.headers["location"])).json()

    assert (answer.status_code, answer.text) == (202, "")
    assert (before["name"], before["state"]) == ("core.prune_jobs", "ready")
    assert after["state"] == "done"


@router.post("/alarms", status_code=204)
async def raise_alarm(caller: CurrentUser, uow: WriteUnit) -> None:
    uow.enqueue(prune_jobs)


async def test_what_a_request_merely_causes_is_not_the_callers_own(app, application):
    # owners may cancel: a thief must not cancel the mail that warns of him
    ada = await app.sign_up()
    app.http._transport.app = HttpApp(application, [router, jobs])

    await app.as_(ada).post("/api/v1/alarms")

    assert (await app.as_(ada).get("/api/v1/jobs")).json()["data"] == []
