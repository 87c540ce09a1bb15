"""Jobs over REST: one's own, and everybody's for those who look after them (R-267, R-268)."""

from typing import Any

import pytest

from mainspring.core import ids

pytestmark = pytest.mark.anyio
JOBS = "/api/v1/jobs"


async def seen(app: Any, user: Any, **query: str) -> list[str]:
    answer = await app.as_(user).get(JOBS, params=query)
    assert answer.status_code == 200, answer.text
    return [job["id"] for job in answer.json()["data"]]


async def test_people_see_their_own_jobs_and_readers_every_one(app, add_job):
    ada, bob, reader = [await app.sign_up() for _ in range(3)]
    await app.grant(reader, "jobs:read")
    mine, his, nobodys = await add_job(owner_id=ada.id), await add_job(owner_id=bob.id), await add_job()

    assert await seen(app, ada) == [str(mine)]
    assert set(await seen(app, reader, limit="100")) >= {str(mine), str(his), str(nobodys)}


async def test_a_job_of_somebody_else_is_not_there(app, add_job):
    ada, bob = await app.sign_up(), await app.sign_up()
    mine = await add_job(owner_id=ada.id)

    answer = await app.as_(bob).get(f"{JOBS}/{mine}")
    missing = await app.as_(bob).get(f"{JOBS}/{ids.new()}")

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "jobs.not_found")
    assert missing.status_code == 404


async def test_the_owner_sees_how_it_goes_but_not_the_order(app, add_job):
    ada, reader = await app.sign_up(), await app.sign_up()
    await app.grant(reader, "jobs:read")
    progress = {"done": 3, "total": 10, "text": "pages"}
    mine = await add_job("running", owner_id=ada.id, progress=progress, failures=1, error="Unavailable: later")

    own = (await app.as_(ada).get(f"{JOBS}/{mine}")).json()
    whole = (await app.as_(reader).get(f"{JOBS}/{mine}")).json()

    assert own["progress"] == progress
    assert (own["state"], own["failures"], own["maxAttempts"], own["error"]) == ("running", 1, 3, "Unavailable: later")
    assert (own["payload"], own["ownerId"]) == (None, None)
    assert (whole["payload"], whole["ownerId"]) == ({"text": "a"}, str(ada.id))


async def test_filters_narrow_and_the_newest_come_first(app, add_job):
    reader = await app.sign_up()
    await app.grant(reader, "jobs:read")
    first, second = await add_job("dead", queue="mail"), await add_job("dead", queue="mail")
    await add_job("done", queue="mail")
    await add_job("dead", name="workshop.polish")

    assert await seen(app, reader, queue="mail", state="dead") == [str(second), str(first)]
    assert await seen(app, reader, sort="createdAt", queue="mail", state="dead", cursor="", limit="1") == [str(first)]
    assert len(await seen(app, reader, name="workshop.polish")) == 1
    assert (await app.as_(reader).get(JOBS, params={"state": "asleep"})).status_code == 422


async def test_a_list_never_shows_orders(app, add_job):
    reader = await app.sign_up()
    await app.grant(reader, "jobs:read")
    await add_job(payload={"text": "a secret"})

    assert "a secret" not in (await app.as_(reader).get(JOBS)).text
