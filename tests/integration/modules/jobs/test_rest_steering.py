"""Dead jobs run again, and jobs are cancelled, over REST (R-267)."""

import pytest

pytestmark = pytest.mark.anyio
JOBS = "/api/v1/jobs"


async def test_owners_steer_their_own_jobs_over_rest(app, database, add_job):
    ada, bob = await app.sign_up(), await app.sign_up()
    dead, waiting, done = [await add_job(state, owner_id=ada.id) for state in ("dead", "waiting", "done")]

    again = await app.as_(ada).post(f"{JOBS}/{dead}/retry")
    gone = await app.as_(ada).post(f"{JOBS}/{waiting}/cancellation")

    assert (again.status_code, again.headers["location"], again.json()["state"]) == (202, f"{JOBS}/{dead}", "ready")
    assert (gone.status_code, gone.json()["state"]) == (202, "cancelled")
    assert (await app.as_(ada).post(f"{JOBS}/{waiting}/cancellation")).status_code == 202
    assert (await app.as_(bob).post(f"{JOBS}/{dead}/cancellation")).status_code == 404
    for job, deed, code in ((dead, "retry", "jobs.not_dead"), (done, "cancellation", "jobs.ended")):
        refused = await app.as_(ada).post(f"{JOBS}/{job}/{deed}")
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, code)


async def test_a_twin_that_waits_is_told(app, add_job):
    ada = await app.sign_up()
    dead = await add_job("dead", owner_id=ada.id, dedup_key="one")
    await add_job(dedup_key="one")

    refused = await app.as_(ada).post(f"{JOBS}/{dead}/retry")

    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "jobs.already_waiting")


async def test_readers_may_look_and_not_touch(app, add_job):
    reader = await app.sign_up()
    await app.grant(reader, "jobs:read")
    job = await add_job()

    refused = await app.as_(reader).post(f"{JOBS}/{job}/cancellation")

    assert (refused.status_code, refused.json()["error"]["details"]) == (403, {"required": ["jobs:manage"]})
