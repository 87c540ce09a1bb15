"""Where people wish to hear of what."""

import pytest

from mainspring.modules.notifications.ports import KINDS, Kind

from .conftest import ALARM, DIGEST, NEWS

pytestmark = pytest.mark.anyio
PATH = "/api/v1/notifications/preferences"


async def preferences(app, user):
    answer = await app.as_(user).get(PATH)
    return {one["kind"]: one for one in answer.json()["preferences"]}


async def change(app, user, **wishes):
    return await app.as_(user).patch(PATH, json={"preferences": [wishes]})


async def test_kinds_have_their_defaults(app, ada):
    found = await preferences(app, ada)

    assert set(found) == set(KINDS)
    assert found[NEWS] == {"kind": NEWS, "text": NEWS.text, "inApp": True, "mail": False, "fixed": []}
    assert (found[DIGEST]["inApp"], found[DIGEST]["mail"]) == (False, True)
    assert found[ALARM]["fixed"] == ["in_app", "mail"]


async def test_a_wish_holds_until_the_next_one(app, ada, bob, tell, mailed):
    answer = await change(app, ada, kind=NEWS, inApp=False, mail=True)
    await tell(ada, title="For Ada")
    await tell(bob, title="For Bob")
    await change(app, ada, kind=NEWS, mail=False)
    await tell(ada, title="For nobody")

    assert answer.status_code == 200
    assert (await app.as_(ada).get("/api/v1/notifications")).json()["data"] == []
    assert [one["title"] for one in (await app.as_(bob).get("/api/v1/notifications")).json()["data"]] == ["For Bob"]
    assert [mail.to for mail in await mailed() if mail.subject.startswith("For")] == ["Ada Lovelace <ada@example.com>"]
    found = await preferences(app, ada)
    assert (found[NEWS]["inApp"], found[NEWS]["mail"]) == (False, False)


async def test_what_the_safety_of_an_account_hangs_on_stays_on(app, ada, tell, mailed):
    refused = await change(app, ada, kind=ALARM, mail=False)
    taken = await change(app, ada, kind=ALARM, mail=True)
    id = await tell(ada, ALARM, "A new sign-in")

    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "notifications.kind_required")
    assert taken.status_code == 200
    assert id is not None
    (mail,) = [mail for mail in await mailed() if mail.subject == "A new sign-in"]
    assert "cannot be switched off" in mail.text


async def test_a_mail_says_why_it_comes(ada, tell, mailed):
    assert await tell(ada, DIGEST, "This week", "<b>First</b>\n\nSecond") is None

    (mail,) = [mail for mail in await mailed() if mail.subject == "This week"]
    assert "you want mail about: A summary by mail" in mail.text
    assert "<b>First</b>" in mail.text
    assert "&lt;b&gt;First&lt;/b&gt;" in (mail.html or "")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"preferences": []}, 422),
        ({"preferences": [{"kind": "tests.news"}]}, 422),
        ({"preferences": [{"kind": "tests.unknown", "mail": True}]}, 422),
        ({"preferences": [{"kind": "tests.news", "sms": True}]}, 422),
        ({"preferences": [{"kind": "tests.news", "mail": "perhaps"}]}, 422),
    ],
)
async def test_a_wish_that_makes_no_sense_is_refused(app, ada, body, status):
    answer = await app.as_(ada).patch(PATH, json=body)

    assert answer.status_code == status
    assert (await preferences(app, ada))[NEWS]["mail"] is False


async def test_a_refused_wish_takes_the_others_back(app, ada):
    body = {"preferences": [{"kind": NEWS, "mail": True}, {"kind": ALARM, "mail": False}]}

    assert (await app.as_(ada).patch(PATH, json=body)).status_code == 409
    assert (await preferences(app, ada))[NEWS]["mail"] is False


@pytest.mark.parametrize("name", ["news", "Tests.news", "tests.", "tests news.x"])
def test_a_kind_has_a_readable_name(name):
    with pytest.raises(ValueError, match=r"module\.name"):
        Kind(name, "Nothing")


def test_a_kind_is_declared_once():
    with pytest.raises(ValueError, match="twice"):
        Kind("tests.news", "The same again")
