"""Delicate changes need a recent proof, and a session can give it again (ASVS 7.5.1)."""

from datetime import timedelta
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import delete

from mainspring.core import clock
from mainspring.core.database import Statement, bind
from mainspring.modules.auth.models import Credential
from mainspring.modules.auth.service import SessionKeeper
from mainspring.testing.client import PASSWORD

from .authenticator_app import MFA, asked, with_totp
from .session_stores import EVERY_STORE

STEP_UP = "/api/v1/auth/step-up"
REFRESH = "/api/v1/auth/refresh"
DELICATE = [
    ("POST", f"{MFA}/totp/enroll", None),
    ("POST", f"{MFA}/totp/activate", {"code": "123456"}),
    ("DELETE", f"{MFA}/totp", {"currentPassword": PASSWORD}),
    ("POST", f"{MFA}/recovery-codes", {"currentPassword": PASSWORD}),
]
REMOVE_PASSWORD: Statement[None] = Statement(delete(Credential).where(Credential.user_id == bind("user_id", Credential.user_id)))


@pytest.fixture
def environment():
    return {"MFA__STEP_UP_LIFE": "5m"}


@pytest.fixture
def later():
    """Moves the clock beyond the life of a proof, but not of an access token."""
    with time_machine.travel(clock.now(), tick=False) as traveller:
        yield lambda: traveller.shift(timedelta(minutes=5, seconds=1))


@pytest.mark.parametrize(("method", "path", "body"), DELICATE)
async def test_an_old_proof_is_not_enough(app, ada, later, method, path, body):
    later()

    answer = await app.as_(ada).request(method, path, **({"json": body} if body else {}))

    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "auth.step_up_required"


@EVERY_STORE
async def test_the_password_renews_the_proof_where_there_is_no_second_factor(app, ada, later, admin):
    later()

    missing = await app.as_(ada).post(STEP_UP, json={})
    wrong = await app.as_(ada).post(STEP_UP, json={"password": "not this one"})
    still = await app.as_(ada).post(f"{MFA}/totp/enroll")
    right = await app.as_(ada).post(STEP_UP, json={"password": PASSWORD})
    now = await app.as_(ada).post(f"{MFA}/totp/enroll")

    assert missing.json()["error"]["details"] == [{"field": "password", "message": "This field is required.", "code": "missing"}]
    assert (wrong.status_code, still.status_code, right.status_code, now.status_code) == (403, 403, 204, 200)
    entries = (await app.as_(admin).get(f"/api/v1/audit?action=STEP_UP&userId={ada.id}")).json()["data"]
    assert len(entries) == 1


@EVERY_STORE
async def test_with_a_second_factor_both_are_needed(app, ada, later):
    authenticator = await with_totp(app, ada)
    later()
    client = app.as_(ada)

    only_password = await client.post(STEP_UP, json={"password": PASSWORD})
    only_code = await client.post(STEP_UP, json={"code": authenticator.code()})
    wrong_code = await client.post(STEP_UP, json={"password": PASSWORD, "code": authenticator.wrong_code()})
    wrong_password = await client.post(STEP_UP, json={"password": "not this one", "code": authenticator.code()})
    still = await client.post(f"{MFA}/recovery-codes", json={"currentPassword": PASSWORD})
    both = await client.post(STEP_UP, json={"password": PASSWORD, "code": authenticator.code()})
    now = await client.post(f"{MFA}/recovery-codes", json={"currentPassword": PASSWORD})

    assert only_password.json()["error"]["details"][0]["field"] == "code"
    assert only_code.json()["error"]["details"][0]["field"] == "password"
    assert wrong_code.json()["error"]["code"] == "auth.wrong_code"
    assert wrong_password.json()["error"]["code"] == "auth.wrong_password"
    assert still.json()["error"]["code"] == "auth.step_up_required"
    assert (both.status_code, now.status_code) == (204, 200)


async def test_a_recovery_code_steps_up_too_and_is_used_up(app, ada, later):
    authenticator = await with_totp(app, ada)
    later()
    body = {"password": PASSWORD, "recoveryCode": authenticator.recovery_codes[0]}

    statuses = [(await app.as_(ada).post(STEP_UP, json=body)).status_code for _ in range(2)]

    assert statuses == [204, 403]


@EVERY_STORE
async def test_refreshing_proves_nothing(app, ada, later):
    later()
    fresh = (await app.post(REFRESH, json={"refreshToken": ada.refresh_token})).json()["accessToken"]

    answer = await app.post(f"{MFA}/totp/enroll", headers={"Authorization": f"Bearer {fresh}"})

    assert answer.json()["error"]["code"] == "auth.step_up_required"


async def test_signing_in_with_both_is_a_proof(app, ada, later):
    authenticator = await with_totp(app, ada)
    later()
    body = {"mfaToken": await asked(app, ada), "code": authenticator.code()}
    session = (await app.post(f"{MFA}/verify", json=body)).json()["accessToken"]

    answer = await app.post(
        f"{MFA}/recovery-codes",
        json={"currentPassword": PASSWORD},
        headers={"Authorization": f"Bearer {session}"},
    )

    assert answer.status_code == 200


@EVERY_STORE
async def test_a_proof_that_another_process_heard_counts_at_once(app, ada, later):
    later()
    assert (await app.as_(ada).get(MFA)).status_code == 200  # what is known of the session is fresh, and older than the proof
    (session,) = (await app.as_(ada).get("/api/v1/auth/sessions")).json()["data"]
    async with app.application.unit() as uow:
        await SessionKeeper(uow).prove(ada.id, UUID(session["id"]), None, clock.now())

    answer = await app.as_(ada).post(f"{MFA}/totp/enroll")

    assert answer.status_code == 200


@EVERY_STORE
async def test_delicate_changes_see_the_end_of_a_session_at_once(app, ada):
    assert (await app.as_(ada).get(MFA)).status_code == 200
    async with app.application.unit() as uow:
        await SessionKeeper(uow).end_all(ada.id, "elsewhere", clock.now())

    answer = await app.as_(ada).post(f"{MFA}/totp/enroll")

    assert answer.json()["error"]["details"]["reason"] == "token_revoked"


async def test_an_account_with_nothing_to_show_signs_in_again(app, ada, later):
    async with app.application.unit() as uow:
        await uow.run(REMOVE_PASSWORD, user_id=ada.id)
    later()

    answer = await app.as_(ada).post(STEP_UP, json={"password": PASSWORD})

    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "auth.step_up_impossible"


async def test_an_account_without_a_password_steps_up_with_its_second_factor(app, ada, later):
    authenticator = await with_totp(app, ada)
    async with app.application.unit() as uow:
        await uow.run(REMOVE_PASSWORD, user_id=ada.id)
    later()

    stepped = await app.as_(ada).post(STEP_UP, json={"code": authenticator.code()})
    removed = await app.as_(ada).delete(f"{MFA}/totp")

    assert (stepped.status_code, removed.status_code) == (204, 204)


async def test_five_wrong_passwords_are_enough(app, ada):
    statuses = [(await app.as_(ada).post(STEP_UP, json={"password": "not this one"})).status_code for _ in range(6)]

    assert statuses == [403] * 5 + [429]
