"""The gate: whoever proved who it is gets a session, or is asked for the second factor."""

from datetime import timedelta

import pytest

from mainspring.core import clock
from mainspring.core.database import Statement, insert_into
from mainspring.core.errors import Unauthenticated
from mainspring.core.observability.logs import captured_logs
from mainspring.modules.auth.models import TotpFactor
from mainspring.modules.auth.rows import Entered, MfaRequired, Proof
from mainspring.modules.auth.service import Admission, SessionService
from mainspring.modules.users.service import UserService
from mainspring.testing.client import PASSWORD

LOGIN = "/api/v1/auth/login"
HAVE_TOTP: Statement[None] = Statement(insert_into(TotpFactor))


class StayOut(Unauthenticated):
    """What this way in says to those who may not come in."""

    code, message = "test.stay_out", "Stay out."


async def have_totp(app, user):
    async with app.application.unit() as uow:
        await uow.run(HAVE_TOTP, user_id=user.id, secret="sealed", activated_at=clock.now(), last_step=None)


@pytest.mark.parametrize("method", ["password", "magic_link", "social"])
async def test_one_factor_opens_a_session_where_there_is_no_second(app, ada, method):
    with captured_logs() as lines:
        async with app.application.unit() as uow:
            outcome = await Admission(uow).admit(Proof(ada.id, method), "bearer")

    assert isinstance(outcome, Entered)
    assert outcome.profile.user.id == outcome.tokens.user_id == ada.id
    assert [line["userId"] for line in lines if line["message"] == "SUCCESSFUL_LOGIN"] == [ada.id]
    assert outcome.tokens.refresh_token not in repr(outcome)


@pytest.mark.parametrize("method", ["password", "magic_link", "social"])
async def test_one_factor_is_not_enough_where_there_is_a_second(app, ada, method):
    # ASVS 6.3.3, 6.3.4
    await have_totp(app, ada)

    with captured_logs() as lines:
        async with app.application.unit() as uow:
            outcome = await Admission(uow).admit(Proof(ada.id, method), "bearer")

    assert isinstance(outcome, MfaRequired)
    assert outcome.methods == ("totp", "recovery_code")
    assert len(bytes.fromhex(outcome.token)) == 32
    assert outcome.token not in repr(outcome)
    assert "SUCCESSFUL_LOGIN" not in {line["message"] for line in lines}


async def test_a_proof_of_two_factors_is_enough(app, ada):
    await have_totp(app, ada)

    async with app.application.unit() as uow:
        outcome = await Admission(uow).admit(Proof(ada.id, "passkey", is_complete=True), "bearer")

    assert isinstance(outcome, Entered)


@pytest.mark.parametrize("has_totp", [True, False])
async def test_a_disabled_account_is_refused_in_the_words_of_the_way_in(app, ada, has_totp):
    if has_totp:
        await have_totp(app, ada)
    async with app.application.unit() as uow:
        await UserService(uow).set_active(ada.id, False)

    with pytest.raises(StayOut):
        async with app.application.unit() as uow:
            await Admission(uow).admit(Proof(ada.id, "magic_link"), "bearer", StayOut)


async def test_signing_in_asks_for_the_second_factor_and_gives_nothing_else(app, ada):
    await have_totp(app, ada)

    answer = await app.post(LOGIN, json={"email": ada.email, "password": PASSWORD})

    body = answer.json()
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert body.keys() == {"mfaRequired", "mfaToken", "expiresIn", "methods"}
    assert body["mfaRequired"] is True
    assert body["expiresIn"] == timedelta(minutes=5).total_seconds()
    assert (await app.get("/api/v1/users/me", headers={"Authorization": f"Bearer {body['mfaToken']}"})).status_code == 401
    assert (await app.post("/api/v1/auth/refresh", json={"refreshToken": body["mfaToken"]})).status_code == 401


async def test_the_audit_trail_says_how_somebody_came_in(app, ada, admin):
    entries = (await app.as_(admin).get(f"/api/v1/audit?action=LOGIN&userId={ada.id}")).json()["data"]

    assert entries[0]["changes"] == {"userId": str(ada.id), "method": "password", "secondFactor": None}


async def test_the_sessions_of_a_user_end_with_whatever_waits_for_the_second_factor(app, ada):
    await have_totp(app, ada)
    async with app.application.unit() as uow:
        asked = await Admission(uow).admit(Proof(ada.id, "password"), "bearer")

    async with app.application.unit() as uow:
        before = await Admission(uow).waiting(asked.token)
        await SessionService(uow).end_all(ada.id)

    async with app.application.reading() as uow:
        after = await Admission(uow).waiting(asked.token)
    assert before is not None
    assert after is None
