"""Acting as another user: short, with a reason, told to everybody, and without what only the person may do."""

import json
from base64 import urlsafe_b64decode
from datetime import timedelta
from uuid import UUID

import pytest
import time_machine

from mainspring.core import clock
from mainspring.core.observability.logs import captured_logs
from mainspring.core.security.snapshots import Snapshots
from mainspring.modules.access.service import AssignmentService
from mainspring.modules.api_keys.schemas import CreateServiceAccount
from mainspring.modules.api_keys.service import ServiceAccounts
from mainspring.modules.users.service import UserService
from mainspring.testing.client import PASSWORD

from .mailbox import Mailbox

AUTH = "/api/v1/auth"
ME = "/api/v1/users/me"
REASON = "Ticket 4711: her orders do not show"


def place(user_id):
    return f"/api/v1/users/{user_id}/impersonation"


async def begin(app, by, user_id, reason=REASON):
    return await app.as_(by).post(place(user_id), json={"reason": reason})


async def acting(app, by, user):
    """The headers of a session in which somebody acts as another."""
    answer = await begin(app, by, user.id)
    assert answer.status_code == 201, answer.text
    return {"Authorization": f"Bearer {answer.json()['accessToken']}"}


async def sees(app, headers):
    return (await app.get(ME, headers=headers)).status_code


@pytest.fixture
async def helper(people):
    """Somebody of the support, who is no administrator."""
    return await people.with_grant("users:impersonate", email="help@example.com", name="Helen Keller")


async def test_the_answer_the_token_and_the_profile_name_both(app, ada, helper):
    answer = await begin(app, helper, ada.id)
    body = answer.json()
    claims = json.loads(urlsafe_b64decode(body["accessToken"].split(".")[1] + "=="))
    me = (await app.get(ME, headers={"Authorization": f"Bearer {body['accessToken']}"})).json()

    assert (answer.status_code, body["impersonatedBy"], body["user"]["id"]) == (201, str(helper.id), str(ada.id))
    assert (claims["sub"], claims["act"]) == (str(ada.id), {"sub": str(helper.id)})
    assert claims["exp"] - claims["iat"] in (1799, 1800)
    assert (me["id"], me["impersonatedBy"]) == (str(ada.id), str(helper.id))
    assert "refreshToken" not in body
    assert answer.headers["cache-control"] == "no-store"
    assert (await app.as_(ada).get(ME)).json()["impersonatedBy"] is None


async def test_every_record_names_both(app, ada, helper, admin):
    headers = await acting(app, helper, ada)
    with captured_logs() as lines:
        await app.patch(ME, json={"bio": "Helped"}, headers=headers)
    await app.post(f"{AUTH}/logout", headers=headers)

    rows = (await app.as_(admin).get("/api/v1/audit?limit=3")).json()["data"]

    ended, updated, began = rows
    assert (began["action"], began["userId"]) == ("IMPERSONATE", str(helper.id))
    assert (began["changes"]["userId"], began["changes"]["reason"]) == (str(ada.id), REASON)
    for row, action in ((updated, "UPDATE"), (ended, "LOGOUT")):
        assert (row["action"], row["userId"], row["changes"]["impersonatedBy"]) == (action, str(ada.id), str(helper.id))
    (request,) = [line for line in lines if line["logger"] == "access"]
    assert (request["userId"], request["impersonatedBy"]) == (ada.id, helper.id)


async def test_who_cannot_be_acted_as(app, ada, bob, helper, admin, people):
    moderator = await people.with_role("moderator")
    async with app.application.unit() as uow:
        robot = (await ServiceAccounts(uow).create(None, CreateServiceAccount(name="Robot", roles=["user"]))).user
        await UserService(uow).set_active(bob.id, False)
    wishes = {
        "oneself": helper.id,
        "administrator": admin.id,
        "beyond_own": moderator.id,
        "service_account": robot.id,
        "disabled": bob.id,
    }

    answers = {reason: await begin(app, helper, user_id) for reason, user_id in wishes.items()}
    of_admins = await begin(app, admin, (await people.with_role("admin")).id)
    unknown = await begin(app, helper, UUID(int=7))

    for reason, answer in answers.items():
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "auth.impersonation_refused"), reason
        assert answer.json()["error"]["details"] == {"reason": reason}
    assert of_admins.json()["error"]["details"] == {"reason": "administrator"}
    assert unknown.status_code == 404
    assert (await begin(app, admin, moderator.id)).status_code == 201


@pytest.mark.parametrize("reason", ["", "  ", "no", "x" * 501, "a\x00bc"])
async def test_a_reason_is_needed(app, ada, helper, reason):
    assert (await begin(app, helper, ada.id, reason)).status_code == 422


async def test_it_takes_the_permission_and_a_recent_proof(app, ada, bob, helper):
    without = await begin(app, bob, ada.id)
    with time_machine.travel(clock.after(timedelta(minutes=14)), tick=False):
        helper = await app.sign_in(helper.email)
    with time_machine.travel(clock.after(timedelta(minutes=29, seconds=1)), tick=False):
        refreshed = await app.post(f"{AUTH}/refresh", json={"refreshToken": helper.refresh_token})
        late = await app.post(
            place(ada.id),
            json={"reason": REASON},
            headers={"Authorization": f"Bearer {refreshed.json()['accessToken']}"},
        )

    assert (without.status_code, without.json()["error"]["details"]) == (403, {"required": ["users:impersonate"]})
    assert (late.status_code, late.json()["error"]["code"]) == (403, "auth.step_up_required")


ALONE = [
    ("POST", f"{AUTH}/change-password", {"currentPassword": PASSWORD, "newPassword": "another correct horse"}),
    ("POST", f"{AUTH}/change-email", {"currentPassword": PASSWORD, "newEmail": "mine@example.com"}),
    ("POST", f"{AUTH}/mfa/totp/enroll", None),
    ("POST", f"{AUTH}/mfa/totp/activate", {"code": "123456"}),
    ("DELETE", f"{AUTH}/mfa/totp", {"currentPassword": PASSWORD}),
    ("POST", f"{AUTH}/mfa/recovery-codes", {"currentPassword": PASSWORD}),
    ("POST", f"{AUTH}/passkeys/register/options", None),
    ("GET", f"{AUTH}/passkeys", None),
    ("POST", f"{AUTH}/step-up", {"password": PASSWORD}),
    ("POST", f"{AUTH}/logout-all", None),
    ("GET", f"{AUTH}/sessions", None),
    ("POST", "/api/v1/api-keys", {"name": "Robot"}),
    ("GET", "/api/v1/api-keys", None),
    ("DELETE", ME, {"currentPassword": PASSWORD}),
    ("POST", f"{ME}/export", None),
    ("POST", "/api/v1/credits/transfers", {"toUserId": str(UUID(int=7)), "amount": 1}),
    ("POST", "/api/v1/orders", {"items": [{"productId": str(UUID(int=7)), "quantity": 1}]}),
    ("POST", "/api/v1/notifications/read-all", None),
    ("PATCH", "/api/v1/notifications/preferences", {"preferences": []}),
    ("POST", "/api/v1/organizations/invitations/acceptance", {"token": "x"}),
]


async def test_what_only_the_person_may_do_is_refused(app, ada, helper):
    headers = await acting(app, helper, ada)

    answers = [
        (path, await app.request(method, path, headers=headers, **({"json": body} if body else {})))
        for method, path, body in ALONE
    ]

    for path, answer in answers:
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "auth.not_while_impersonating"), path
    assert (await app.get("/api/v1/orders", headers=headers)).status_code == 200
    assert (await app.get("/api/v1/notifications", headers=headers)).status_code == 200


async def test_nobody_acts_as_another_from_within(app, ada, bob, admin, people):
    helper = await people.with_grant("users:impersonate", email="inner@example.com")
    headers = await acting(app, admin, helper)

    answer = await app.post(place(ada.id), json={"reason": REASON}, headers=headers)

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "auth.not_while_impersonating")


async def by_logging_out(app, headers, helper, ada, admin):
    await app.post(f"{AUTH}/logout", headers=headers)


async def by_stopping(app, headers, helper, ada, admin):
    assert (await app.as_(helper).delete(place(ada.id))).status_code == 204
    assert (await app.as_(helper).delete(place(ada.id))).status_code == 404


async def by_the_helpers_logout(app, headers, helper, ada, admin):
    await app.as_(helper).post(f"{AUTH}/logout")


async def by_the_helpers_logout_everywhere(app, headers, helper, ada, admin):
    await app.as_(helper).post(f"{AUTH}/logout-all")


async def by_disabling_the_helper(app, headers, helper, ada, admin):
    await app.as_(admin).patch(f"/api/v1/users/{helper.id}", json={"isActive": False})


async def by_deleting_the_helper(app, headers, helper, ada, admin):
    await app.as_(admin).delete(f"/api/v1/users/{helper.id}")


async def by_the_user(app, headers, helper, ada, admin):
    (session,) = [one for one in (await app.as_(ada).get(f"{AUTH}/sessions")).json()["data"] if one["impersonatedBy"]]
    assert (session["impersonatedBy"], session["ipAddress"], session["userAgent"]) == (str(helper.id), None, None)
    await app.as_(ada).delete(f"{AUTH}/sessions/{session['id']}")


ENDS = [
    by_logging_out,
    by_stopping,
    by_the_helpers_logout,
    by_the_helpers_logout_everywhere,
    by_disabling_the_helper,
    by_deleting_the_helper,
    by_the_user,
]


@pytest.mark.parametrize("end", ENDS)
async def test_it_ends_at_once(app, ada, helper, admin, end):
    headers = await acting(app, helper, ada)
    assert await sees(app, headers) == 200

    await end(app, headers, helper, ada, admin)

    assert await sees(app, headers) == 401
    assert (await app.as_(ada).get(ME)).status_code == 200
    listed = (await app.as_(ada).get(f"{AUTH}/sessions")).json()["data"]
    assert [one["impersonatedBy"] for one in listed] == [None]


async def test_it_ends_without_the_permission_and_when_the_user_rises(app, ada, bob, helper, admin):
    as_ada, as_bob = await acting(app, helper, ada), await acting(app, helper, bob)
    async with app.application.unit() as uow:
        await AssignmentService(uow).assign(None, bob.id, "moderator")
    assert (await sees(app, as_ada), await sees(app, as_bob)) == (200, 401)

    await app.as_(admin).delete(f"/api/v1/users/{helper.id}/grants/users:impersonate")

    app.application.resolve(Snapshots).forget_all()  # as happens when a second is over
    assert await sees(app, as_ada) == 401


async def test_its_time_is_over_after_half_an_hour(app, ada, helper):
    headers = await acting(app, helper, ada)

    with time_machine.travel(clock.after(timedelta(minutes=29)), tick=False):
        assert await sees(app, headers) == 200
    with time_machine.travel(clock.after(timedelta(minutes=30, seconds=1)), tick=False):
        assert await sees(app, headers) == 401


async def test_the_user_is_told(app, ada, helper):
    await acting(app, helper, ada)
    await app.work()

    (told,) = (await app.as_(ada).get("/api/v1/notifications")).json()["data"]
    mails = await Mailbox(app, ada.email).mails()

    assert told["title"] == "Somebody of the support acts in your account"
    assert "Helen Keller" in told["body"]
    assert REASON in told["body"]
    assert told["title"] in {mail.subject for mail in mails}
    assert not any("new device" in mail.subject for mail in mails)


class TestWithoutNotice:
    """An installation whose users agreed beforehand."""

    @pytest.fixture
    def environment(self):
        return {"AUTH__IMPERSONATION_NOTICE": "false"}

    async def test_nobody_is_told(self, app, ada, helper):
        await acting(app, helper, ada)
        await app.work()

        assert (await app.as_(ada).get("/api/v1/notifications")).json()["data"] == []


async def test_it_is_no_sign_in_of_the_user(app, ada, helper):
    await app.as_(ada).request("DELETE", ME, json={"currentPassword": PASSWORD})  # asks for the account to be erased
    headers = await acting(app, helper, ada)
    await app.work()
    mails = [mail.subject for mail in await Mailbox(app, ada.email).mails()]

    assert await sees(app, headers) == 200
    assert not any("stays" in subject for subject in mails)
    again = await app.sign_in(ada.email)
    await app.work()
    mails = [mail.subject for mail in await Mailbox(app, ada.email).mails()]
    assert any("stays" in subject for subject in mails)
    assert (await app.as_(again).get(ME)).status_code == 200


async def test_a_browser_of_the_helper_stays_signed_in_when_it_ends(app, ada, helper):
    headers = await acting(app, helper, ada)

    answer = await app.post(f"{AUTH}/logout", headers={**headers, "Cookie": "accessToken=own; refreshToken=own"})

    assert answer.status_code == 204
    assert "set-cookie" not in answer.headers
