"""Who looks after workflows: those whose job died are named, old ones are forgotten, figures tell how many there are."""

from datetime import timedelta

from sqlalchemy import func, select

from mainspring.core import clock, ids
from mainspring.core.database import Statement, bind, update_of
from mainspring.core.jobs.models import Job
from mainspring.core.observability.logs import captured_logs
from mainspring.core.workflows.declaration import DECLARED
from mainspring.core.workflows.jobs import watch
from mainspring.core.workflows.models import Workflow, WorkflowSignal, WorkflowStep
from tests.integration.core.workflows.sagas import Answer, WaitForAnswer, effects, trip

DIE: Statement[None] = Statement(
    update_of(Job)
    .where(Job.name == "workflows.carry")
    .values(state="dead", error=bind("error", Job.error), finished_at=bind("now", Job.finished_at))
)
AGE: Statement[None] = Statement(update_of(Workflow).values(finished_at=bind("finished_at", Workflow.finished_at)))
COUNTS = [Statement(select(func.count()).select_from(table), int) for table in (Workflow, WorkflowStep, WorkflowSignal)]


async def watched(application):
    async with application.unit() as uow:
        await watch(uow)


async def begun(application, workflows, wish):
    async with application.unit() as uow:
        return await workflows.start(uow, wish)


async def test_a_workflow_whose_job_died_is_named(application, app, workflows, work, tmp_path):
    wish = trip(tmp_path)
    id = await begun(application, workflows, wish)
    async with application.unit() as uow:
        await uow.run(DIE, error="it took its process along", now=clock.now())

    with captured_logs() as lines:
        await watched(application)
        await watched(application)

    instance = await workflows.status(id)
    assert (instance.state, instance.trouble) == ("stuck", "Nobody carries it any more: its job ended. it took its process along")
    assert [line["id"] for line in lines if line["message"] == "workflow_stuck"] == [id]
    health = await app.get("/health")
    assert (health.status_code, health.json()["checks"]["workflows"]) == (200, "stuck")
    figures = (await app.get("/metrics")).text
    assert "mainspring_workflows_stuck 1.0" in figures
    assert 'mainspring_workflows{state="stuck",workflow="sagas.book_trip"} 1.0' in figures


async def test_who_is_carried_or_waits_is_left_alone(application, workflows, work, tmp_path):
    id = await begun(application, workflows, WaitForAnswer(ids.new(), str(tmp_path)))
    await watched(application)
    await work()

    await watched(application)

    assert (await workflows.status(id)).state == "waiting"


async def test_what_ended_long_ago_is_forgotten_with_all_its_rows(application, workflows, work, tmp_path):
    wish = WaitForAnswer(ids.new(), str(tmp_path))
    id = await begun(application, workflows, wish)
    async with application.unit() as uow:
        await workflows.signal(uow, id, "answer", Answer(True))
    await work()
    await watched(application)
    kept = (await workflows.status(id)).state

    async with application.unit() as uow:
        await uow.run(AGE, finished_at=clock.now() - timedelta(days=31))
    await watched(application)

    assert kept == "done"
    async with application.reading() as uow:
        assert [await uow.value(count) for count in COUNTS] == [0, 0, 0]
    assert await effects(application, wish) == ["ask", "accept"]


async def test_a_process_that_does_not_know_the_workflow_leaves_it_to_another(application, workflows, work, leases_end, tmp_path):
    id = await begun(application, workflows, trip(tmp_path))
    known = DECLARED.by_name.pop("sagas.book_trip")
    with captured_logs() as lines:
        await work()
    DECLARED.by_name[known.name] = known

    await leases_end()
    await work()

    assert [line["message"] for line in lines if line["logger"].startswith("core.workflows")] == ["workflow_unknown"]
    assert (await workflows.status(id)).state == "done"
