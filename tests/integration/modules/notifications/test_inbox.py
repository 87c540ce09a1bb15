"""One's own notifications: told once, read, counted, deleted, and nobody else's business (R-286)."""

from datetime import timedelta

import pytest

from mainspring.core import clock, ids
from mainspring.modules.notifications.jobs import AT_ONCE, forget_read
from mainspring.modules.notifications.service import NotificationService

pytestmark = pytest.mark.anyio
PATH = "/api/v1/notifications"


async def listed(app, user, query=""):
    answer = await app.as_(user).get(f"{PATH}{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def unread(app, user):
    return (await app.as_(user).get(f"{PATH}/unread-count")).json()["unread"]


async def test_what_was_told_can_be_read(app, ada, tell):
    id = await tell(ada, title="Your parcel\nis here", body="At the door.", data={"parcelId": ids.new(), "weight": 3})

    (found,) = await listed(app, ada)

    assert found["id"] == str(id)
    assert (found["kind"], found["title"], found["body"]) == ("tests.news", "Your parcel is here", "At the door.")
    assert found["data"]["weight"] == 3
    assert found["readAt"] is None
    assert (await app.as_(ada).get(f"{PATH}/{id}")).json() == found


async def test_the_newest_come_first_and_cursors_go_on(app, ada, tell):
    for number in range(5):
        await tell(ada, title=f"Number {number}")

    first = (await app.as_(ada).get(f"{PATH}?cursor=&limit=3")).json()
    second = (await app.as_(ada).get(f"{PATH}?limit=3&cursor={first['pagination']['nextCursor']}")).json()

    titles = [one["title"] for one in first["data"] + second["data"]]
    assert titles == [f"Number {number}" for number in (4, 3, 2, 1, 0)]
    assert second["pagination"]["nextCursor"] is None


async def test_reading_counts_once(app, ada, tell):
    id = await tell(ada)
    await tell(ada)

    first = (await app.as_(ada).post(f"{PATH}/{id}/read")).json()
    second = (await app.as_(ada).post(f"{PATH}/{id}/read")).json()

    assert first["readAt"] is not None
    assert second["readAt"] == first["readAt"]
    assert await unread(app, ada) == 1
    assert [one["id"] for one in await listed(app, ada, "?unread=false")] == [str(id)]
    assert len(await listed(app, ada, "?unread=true")) == 1


async def test_all_can_be_read_at_once(app, ada, bob, tell):
    for user in (ada, ada, bob):
        await tell(user)

    answer = await app.as_(ada).post(f"{PATH}/read-all")
    again = await app.as_(ada).post(f"{PATH}/read-all")

    assert (answer.json(), again.json()) == ({"read": 2}, {"read": 0})
    assert (await unread(app, ada), await unread(app, bob)) == (0, 1)


async def test_one_can_be_deleted(app, ada, tell):
    id = await tell(ada)

    assert (await app.as_(ada).delete(f"{PATH}/{id}")).status_code == 204
    assert (await app.as_(ada).delete(f"{PATH}/{id}")).status_code == 404
    assert await listed(app, ada) == []


async def test_nobody_sees_or_changes_what_others_were_told(app, ada, bob, admin, tell):
    id = await tell(ada)

    for stranger in (bob, admin):
        client = app.as_(stranger)
        answers = [
            await client.get(f"{PATH}/{id}"),
            await client.post(f"{PATH}/{id}/read"),
            await client.delete(f"{PATH}/{id}"),
        ]
        assert [answer.status_code for answer in answers] == [404, 404, 404]
        assert {answer.json()["error"]["code"] for answer in answers} == {"notifications.not_found"}
        assert await listed(app, stranger) == []
    assert await unread(app, ada) == 1


async def test_a_list_can_be_narrowed_to_a_kind(app, ada, tell):
    await tell(ada)

    assert len(await listed(app, ada, "?kind=tests.news")) == 1
    assert await listed(app, ada, "?kind=tests.other") == []
    assert (await app.as_(ada).get(f"{PATH}?userId={ada.id}")).status_code == 422


async def test_what_is_rolled_back_was_never_said(app, application, ada, mailed):
    from .conftest import ALARM

    with pytest.raises(RuntimeError):
        async with application.unit() as uow:
            await NotificationService(uow).notify(ada.id, ALARM, "Danger")
            raise RuntimeError
    before = len(await mailed())

    assert await listed(app, ada) == []
    assert before == 1  # the welcome


class NotCancelled:
    """What the job asks of its run."""

    is_cancelled = False

    def __init__(self, application):
        self.application = application
        self.unit = application.unit


async def test_what_was_read_long_ago_is_forgotten(app, application, ada, tell, monkeypatch):
    old, young, unread_one = [await tell(ada) for _ in range(3)]
    monkeypatch.setattr("mainspring.core.clock.now", lambda now=clock.now: now() - timedelta(days=91))
    await read(application, ada, old)
    monkeypatch.undo()
    await read(application, ada, young)

    await forget_read(NotCancelled(application))

    assert {one["id"] for one in await listed(app, ada)} == {str(young), str(unread_one)}


async def test_forgetting_goes_on_until_nothing_is_left(app, application, ada, tell, monkeypatch):
    monkeypatch.setattr("mainspring.modules.notifications.jobs.AT_ONCE", 2)
    assert AT_ONCE > 2
    monkeypatch.setattr("mainspring.core.clock.now", lambda now=clock.now: now() - timedelta(days=91))
    for _ in range(5):
        await tell(ada)
    async with application.unit() as uow:
        await NotificationService(uow).mark_all_read(ada.id)
    monkeypatch.undo()

    await forget_read(NotCancelled(application))

    assert await listed(app, ada) == []


async def read(application, user, id):
    async with application.unit() as uow:
        await NotificationService(uow).mark_read(id, user.id)
