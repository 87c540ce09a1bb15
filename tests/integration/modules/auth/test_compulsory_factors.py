"""A role may ask for a second factor: until one is proved, no way in gives more than setting one up (ASVS 6.3.3)."""

from base64 import urlsafe_b64decode

import pytest

from mainspring.core.observability.logs import captured_logs
from mainspring.modules.access.service import AssignmentService
from mainspring.modules.auth.workflows.starting import start
from mainspring.testing.client import PASSWORD

from .authenticator_app import LOGIN, MFA, enrolled, with_totp
from .mailbox import Mailbox
from .software_authenticator import options_to_use, with_passkey

AUTH = "/api/v1/auth"
ME = "/api/v1/users/me"
NEW = "a quite different sentence"
PAGE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def environment():
    return {"MFA__REQUIRED_ROLES": "admin"}


@pytest.fixture
async def owing(app, people):
    """An administrator who has a password and nothing else."""
    return await people.with_role("admin", email="root@example.com")


async def by_password(app, user):
    return (await app.post(LOGIN, json={"email": user.email, "password": user.password})).json()


async def by_magic_link(app, user):
    await app.post(f"{AUTH}/magic-link", json={"email": user.email})
    token = await Mailbox(app, user.email).secret("magic-link")
    return (await app.post(f"{AUTH}/magic-link/verify", json={"token": token})).json()


async def by_reset(app, user):
    await app.post(f"{AUTH}/forgot-password", json={"email": user.email})
    token = await Mailbox(app, user.email).secret("reset-password")
    assert (await app.post(f"{AUTH}/reset-password", json={"token": token, "newPassword": NEW})).status_code == 204
    return (await app.post(LOGIN, json={"email": user.email, "password": NEW})).json()


async def by_refresh(app, user):
    return (await app.post(f"{AUTH}/refresh", json={"refreshToken": user.refresh_token})).json()


async def by_an_older_session(app, user):
    return {"accessToken": user.access_token, "mfaEnrollmentRequired": True}


WAYS_IN = [by_password, by_magic_link, by_reset, by_refresh, by_an_older_session]


async def refusals(app, headers):
    """What doors of an administrator and of everybody answer."""
    doors = [
        ("GET", "/api/v1/users", None),
        ("GET", "/api/v1/admin/users", None),
        ("GET", "/api/v1/products", None),
        ("PATCH", ME, {"bio": "x"}),
        ("GET", f"{AUTH}/sessions", None),
        ("POST", f"{AUTH}/change-password", {"currentPassword": PASSWORD, "newPassword": NEW}),
        ("POST", "/api/v1/api-keys", {"name": "Robot"}),
        ("POST", f"{ME}/export", None),
        ("DELETE", f"{MFA}/totp", {"currentPassword": PASSWORD}),
    ]
    answers = [
        await app.request(method, path, headers=headers, **({"json": body} if body else {})) for method, path, body in doors
    ]
    return {(answer.status_code, answer.json().get("error", {}).get("code")) for answer in answers}


LIMITED = {(403, "auth.mfa_enrollment_required")}


@pytest.mark.parametrize("come_in", WAYS_IN)
async def test_no_way_in_gives_more_than_setting_up_a_factor(app, owing, come_in):
    answer = await come_in(app, owing)
    bearer = {"Authorization": f"Bearer {answer['accessToken']}"}

    assert answer["mfaEnrollmentRequired"] is True
    assert await refusals(app, bearer) == LIMITED
    me = (await app.get(ME, headers=bearer)).json()
    assert (me["mfaEnrollmentRequired"], me["email"]) == (True, owing.email)
    assert (await app.get(MFA, headers=bearer)).status_code == 200
    assert (await app.post(f"{AUTH}/logout", headers=bearer)).status_code == 204


async def test_a_browser_gets_no_more(app, owing):
    wish = {"email": owing.email, "password": PASSWORD, "transport": "cookie"}
    answer = await app.post(LOGIN, json=wish, headers=PAGE)
    cookies = "; ".join(one.partition(";")[0] for one in answer.headers.get_list("set-cookie"))

    assert answer.json()["mfaEnrollmentRequired"] is True
    csrf = {"Cookie": cookies, "X-CSRF-Token": answer.json()["csrfToken"], **PAGE}
    assert await refusals(app, csrf) == LIMITED


async def test_an_authenticator_app_opens_the_session_and_the_next_one(app, owing):
    limited = await app.sign_in(owing.email)

    authenticator = await with_totp(app, limited)

    assert (await app.as_(limited).get("/api/v1/users")).status_code == 200
    assert (await app.as_(limited).get(ME)).json()["mfaEnrollmentRequired"] is False
    token = (await by_password(app, owing))["mfaToken"]
    answer = await app.post(f"{MFA}/verify", json={"mfaToken": token, "code": authenticator.fresh_code()})
    assert answer.json()["mfaEnrollmentRequired"] is False
    refreshed = await app.post(f"{AUTH}/refresh", json={"refreshToken": answer.json()["refreshToken"]})
    assert refreshed.json()["mfaEnrollmentRequired"] is False


async def test_a_passkey_counts_when_it_is_used_and_not_when_the_password_is(app, owing):
    limited = await app.sign_in(owing.email)
    authenticator = await with_passkey(app, limited)
    assert (await by_password(app, owing))["mfaEnrollmentRequired"] is True

    signed_in = await app.post(f"{AUTH}/passkeys/login/verify", json={"credential": authenticator.use(await options_to_use(app))})
    stepped = await app.as_(limited).post(f"{AUTH}/step-up", json={"passkey": authenticator.use(await options_to_use(app))})

    assert signed_in.json()["mfaEnrollmentRequired"] is False
    assert stepped.status_code == 204
    assert (await app.as_(limited).get("/api/v1/users")).status_code == 200
    assert (await app.as_(limited).post(f"{AUTH}/step-up", json={"password": PASSWORD})).status_code == 204
    assert (await app.as_(limited).get("/api/v1/users")).status_code == 200


async def test_others_are_asked_for_nothing(app, ada):
    assert (await by_password(app, ada))["mfaEnrollmentRequired"] is False
    assert (await app.as_(ada).get(f"{AUTH}/sessions")).status_code == 200


async def test_whoever_gets_the_role_is_limited_at_once_and_free_without_it(app, ada, admin):
    assert (await app.as_(ada).get(f"{AUTH}/sessions")).status_code == 200
    async with app.application.unit() as uow:
        await AssignmentService(uow).assign(None, ada.id, "admin")

    assert await refusals(app, ada.headers) == LIMITED

    async with app.application.unit() as uow:
        await AssignmentService(uow).unassign(None, ada.id, "admin")
    assert (await app.as_(ada).get(f"{AUTH}/sessions")).status_code == 200


async def test_the_last_factor_stays(app, owing):
    limited = await app.sign_in(owing.email)
    await with_totp(app, limited)

    refused = await app.as_(limited).delete(f"{MFA}/totp", json={"currentPassword": PASSWORD})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "auth.second_factor_compulsory")

    await with_passkey(app, limited)
    assert (await app.as_(limited).delete(f"{MFA}/totp", json={"currentPassword": PASSWORD})).status_code == 204
    (passkey,) = (await app.as_(limited).get(f"{AUTH}/passkeys")).json()["data"]
    refused = await app.as_(limited).delete(f"{AUTH}/passkeys/{passkey['id']}")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "auth.second_factor_compulsory")


async def test_whoever_lost_it_sets_up_another(app, owing, people):
    limited = await app.sign_in(owing.email)
    await with_totp(app, limited)
    other = await people.with_role("admin", email="other@example.com")
    await with_totp(app, other)

    assert (await app.as_(other).delete(f"/api/v1/users/{owing.id}/mfa")).status_code == 204

    again = await app.sign_in(owing.email)
    assert await refusals(app, again.headers) == LIMITED
    assert await enrolled(app, again)


async def test_the_token_of_a_limited_session_hints_at_nothing(app, owing):
    payload = (await by_password(app, owing))["accessToken"].split(".")[1]

    assert b"admin" not in urlsafe_b64decode(payload + "==")


class TestATypo:
    """A role that nobody can hold protects nothing."""

    @pytest.fixture
    def environment(self):
        return {"MFA__REQUIRED_ROLES": "admin,admim"}

    async def test_it_is_told_at_the_start(self, application):
        with captured_logs() as lines:
            await start(application)

        (warning,) = [line for line in lines if line["message"] == "unknown_required_roles"]
        assert (warning["level"], warning["roles"]) == (30, ["admim"])
