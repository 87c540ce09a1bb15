"""Signing in and out."""

import asyncio

import pytest

from mainspring.core.observability.logs import captured_logs
from mainspring.core.security.tokens import AccessTokens
from mainspring.modules.users.service import UserService
from mainspring.testing.client import PASSWORD

from .session_stores import EVERY_STORE

pytestmark = pytest.mark.anyio

LOGIN = "/api/v1/auth/login"


@EVERY_STORE
async def test_signing_in_answers_both_tokens_and_the_user(app, ada):
    #
    answer = await app.post(LOGIN, json={"email": "ADA@example.com", "password": PASSWORD})

    body = answer.json()
    assert answer.status_code == 200
    assert body["tokenType"] == "Bearer"
    assert body["expiresIn"] == 900
    assert body["expiresAt"].endswith("Z")
    assert len(bytes.fromhex(body["refreshToken"])) == 64
    assert body["user"]["id"] == str(ada.id)
    assert body["user"]["roles"] == ["user"]
    claims = app.application.resolve(AccessTokens).verify(body["accessToken"])
    assert claims.user_id == ada.id
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(("email", "password"), [("ada@example.com", "wrong password"), ("nobody@example.com", PASSWORD)])
async def test_a_wrong_password_and_an_unknown_address_answer_alike(app, ada, email, password):
    # R-057, D-11
    answer = await app.post(LOGIN, json={"email": email, "password": password})

    assert answer.status_code == 401
    assert answer.json()["error"] == {
        "code": "auth.invalid_credentials",
        "message": "Invalid credentials",
        "details": {"reason": "invalid_credentials"},
    }
    assert answer.headers["www-authenticate"] == "Bearer"  # no token was sent, so none is invalid (RFC 6750 3)


async def test_a_disabled_user_stays_out_without_being_told_why(app, ada):
    #
    async with app.application.unit() as uow:
        await UserService(uow).set_active(ada.id, False)

    answer = await app.post(LOGIN, json={"email": ada.email, "password": PASSWORD})

    assert answer.status_code == 401
    assert answer.json()["error"]["message"] == "Invalid credentials"


async def test_after_five_failures_even_the_right_password_waits(app, ada):
    # R-163, D-27
    for _ in range(5):
        assert (await app.post(LOGIN, json={"email": ada.email, "password": "wrong password"})).status_code == 401

    blocked = await app.post(LOGIN, json={"email": ada.email, "password": PASSWORD})

    assert blocked.status_code == 429
    assert 0 < int(blocked.headers["retry-after"]) <= 900


async def test_successes_are_not_counted(app, ada):
    for _ in range(7):
        answer = await app.post(LOGIN, json={"email": ada.email, "password": PASSWORD})

    assert answer.status_code == 200


async def test_guesses_in_parallel_get_no_more_than_five_tries(app, ada):
    answers = await asyncio.gather(
        *(app.post(LOGIN, json={"email": ada.email, "password": f"guess number {n}"}) for n in range(12))
    )

    assert sum(answer.status_code == 401 for answer in answers) <= 5
    assert {answer.status_code for answer in answers} <= {401, 429}


async def test_each_sign_in_leaves_a_security_event(app, ada):
    #
    with captured_logs() as lines:
        await app.post(LOGIN, json={"email": ada.email, "password": PASSWORD})
        await app.post(LOGIN, json={"email": ada.email, "password": "wrong password"})

    told = {line["message"]: line for line in lines}
    assert told["SUCCESSFUL_LOGIN"]["userId"] == ada.id
    assert told["FAILED_LOGIN"]["email"] == ada.email
    assert told["FAILED_LOGIN"]["ip"] == "127.0.0.1"
    assert PASSWORD not in str(lines)
    assert "wrong password" not in str(lines)


@EVERY_STORE
async def test_signing_out_ends_the_access_token_at_once(app, ada):
    # D-06
    session = app.as_(ada)
    assert (await session.get("/api/v1/users/me")).status_code == 200

    assert (await session.post("/api/v1/auth/logout")).status_code == 204

    refused = await session.get("/api/v1/users/me")
    assert refused.status_code == 401
    assert refused.json()["error"]["details"]["reason"] == "token_revoked"
    again = await app.post("/api/v1/auth/refresh", json={"refreshToken": ada.refresh_token})
    assert again.status_code == 401
    assert again.json()["error"]["details"]["reason"] == "token_revoked"


@EVERY_STORE
async def test_signing_out_everywhere_ends_all_sessions_of_the_user_only(app, ada, bob):
    second = await app.sign_in(ada.email)

    assert (await app.as_(second).post("/api/v1/auth/logout-all")).status_code == 204

    assert (await app.as_(ada).get("/api/v1/users/me")).status_code == 401
    assert (await app.as_(second).get("/api/v1/users/me")).status_code == 401
    assert (await app.as_(bob).get("/api/v1/users/me")).status_code == 200


@EVERY_STORE
async def test_one_sees_and_ends_ones_own_sessions(app, ada, bob):
    # ASVS 7.5.2
    second = await app.sign_in(ada.email)
    sessions = (await app.as_(second).get("/api/v1/auth/sessions")).json()["data"]
    other = next(session["id"] for session in sessions if not session["current"])

    assert len(sessions) == 2
    assert sum(session["current"] for session in sessions) == 1
    assert sessions[0]["ipAddress"] == "127.0.0.1"
    assert (await app.as_(bob).delete(f"/api/v1/auth/sessions/{other}")).status_code == 404
    assert (await app.as_(second).delete(f"/api/v1/auth/sessions/{other}")).status_code == 204
    assert (await app.as_(ada).get("/api/v1/users/me")).status_code == 401
    assert (await app.as_(second).get("/api/v1/users/me")).status_code == 200


async def test_a_try_at_a_strangers_session_is_logged(app, ada, bob):
    #
    (session,) = (await app.as_(ada).get("/api/v1/auth/sessions")).json()["data"]

    with captured_logs() as lines:
        await app.as_(bob).delete(f"/api/v1/auth/sessions/{session['id']}")
        await app.as_(bob).delete("/api/v1/auth/sessions/01890a5d-ac96-774b-bcce-b302099a8057")

    (refusal,) = [line for line in lines if line["message"] == "resource_access_denied"]
    assert (refusal["userId"], refusal["resourceId"], refusal["ownerId"]) == (str(bob.id), session["id"], str(ada.id))


@EVERY_STORE
async def test_holders_of_the_permission_end_the_sessions_of_others(app, ada, people):
    # ASVS 7.4.5
    keeper = await people.with_grant("sessions:end")

    assert (await app.as_(ada).delete(f"/api/v1/users/{keeper.id}/sessions")).status_code == 403
    assert (await app.as_(keeper).delete(f"/api/v1/users/{ada.id}/sessions")).status_code == 204
    assert (await app.as_(ada).get("/api/v1/users/me")).status_code == 401


async def test_the_sessions_of_an_administrator_are_ended_by_administrators_only(app, admin, people):
    keeper = await people.with_grant("sessions:end")

    answer = await app.as_(keeper).delete(f"/api/v1/users/{admin.id}/sessions")

    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "access.administrator_protected"
    assert (await app.as_(admin).get("/api/v1/users/me")).status_code == 200
