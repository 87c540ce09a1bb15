"""With a second factor on, no path gives a session without it, and none is a way to guess it (ASVS 6.3.4, 6.6.3)."""

import asyncio
from datetime import timedelta

import pytest
import time_machine

from mainspring.core import clock
from mainspring.core.observability.logs import captured_logs
from mainspring.testing.client import PASSWORD

from .authenticator_app import LOGIN, MFA, asked, enrolled, with_totp

ME = "/api/v1/users/me"
REFRESH = "/api/v1/auth/refresh"
STEP_UP = "/api/v1/auth/step-up"
NEW = "a quite different sentence"


async def test_neither_the_waiting_token_nor_an_older_session_opens_anything(app, ada):
    older = await app.sign_in(ada.email)
    await with_totp(app, ada)
    token = await asked(app, ada)

    tries = [
        await app.get(ME, headers={"Authorization": f"Bearer {token}"}),
        await app.get(ME, headers={"Cookie": f"accessToken={token}"}),
        await app.get(ME, headers={"X-Access-Token": token}),
        await app.post(REFRESH, json={"refreshToken": token}),
        await app.post(REFRESH, json={"refreshToken": older.refresh_token}),
        await app.as_(older).post("/api/v1/auth/change-password", json={"currentPassword": PASSWORD, "newPassword": NEW}),
        await app.as_(older).post(STEP_UP, json={"password": PASSWORD}),
        await app.as_(older).delete(f"{MFA}/totp", json={"currentPassword": PASSWORD}),
        await app.get("/api/v1/auth/csrf", headers={"Cookie": f"refreshToken={token}"}),
    ]

    assert [answer.status_code for answer in tries] == [401] * len(tries)


@pytest.mark.parametrize("transport", ["bearer", "cookie"])
async def test_a_new_password_does_not_open_a_session_by_itself(app, ada, transport):
    await with_totp(app, ada)
    await app.as_(ada).post("/api/v1/auth/change-password", json={"currentPassword": PASSWORD, "newPassword": NEW})

    answer = await app.post(
        LOGIN,
        json={"email": ada.email, "password": NEW, "transport": transport},
        headers={"Sec-Fetch-Site": "same-origin"},
    )

    assert answer.json()["mfaRequired"] is True
    assert "set-cookie" not in answer.headers


async def test_refreshing_goes_on_with_a_session_that_proved_both(app, ada):
    await with_totp(app, ada)

    answer = await app.post(REFRESH, json={"refreshToken": ada.refresh_token})

    assert answer.status_code == 200


async def test_a_restored_account_still_asks(app, ada, admin):
    await with_totp(app, ada)
    await app.as_(admin).delete(f"/api/v1/users/{ada.id}")
    await app.as_(admin).post(f"/api/v1/users/{ada.id}/restoration")

    assert (await app.post(LOGIN, json={"email": ada.email, "password": PASSWORD})).json()["mfaRequired"] is True


async def test_signing_in_tells_of_the_second_factor_only_behind_the_right_password(app, ada):
    await with_totp(app, ada)

    answer = await app.post(LOGIN, json={"email": ada.email, "password": "wrong password"})

    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "auth.invalid_credentials"


class TestGuesses:
    """Twenty tries an hour for an account, whichever door (D-39); at most five of them from one address in 15 minutes (R-163)."""

    @pytest.fixture
    def environment(self):
        return {"RATE_LIMITS": "off"}  # leaves the account's own limit

    async def test_twenty_tries_an_hour_whatever_the_way(self, app, ada):
        with time_machine.travel(clock.now(), tick=False) as traveller:
            authenticator = await with_totp(app, ada)
            token = await asked(app, ada)
            wrong = authenticator.wrong_code()
            for _ in range(10):
                answer = await app.post(f"{MFA}/verify", json={"mfaToken": token, "code": wrong})
                assert answer.status_code == 401
            for _ in range(10):
                answer = await app.as_(ada).post(STEP_UP, json={"password": PASSWORD, "code": wrong})
                assert answer.status_code == 403

            with captured_logs() as lines:
                verify = await app.post(f"{MFA}/verify", json={"mfaToken": token, "code": authenticator.fresh_code()})
            step_up = {"password": PASSWORD, "code": authenticator.fresh_code()}
            stepping = await app.as_(ada).post(STEP_UP, json=step_up)
            traveller.shift(timedelta(hours=1, seconds=1))
            later = await app.post(f"{MFA}/verify", json={"mfaToken": await asked(app, ada), "code": authenticator.fresh_code()})

        assert (verify.status_code, stepping.status_code, later.status_code) == (429, 429, 200)
        assert 3590 <= int(verify.headers["retry-after"]) <= 3600
        assert [line["activity"] for line in lines if line["message"] == "SUSPICIOUS_ACTIVITY"] == ["code_lock_out"]

    async def test_the_owner_still_gets_in_with_a_recovery_code(self, app, ada):
        authenticator = await with_totp(app, ada)
        token = await asked(app, ada)
        for _ in range(20):
            await app.post(f"{MFA}/verify", json={"mfaToken": token, "code": authenticator.wrong_code()})

        answer = await app.post(f"{MFA}/verify", json={"mfaToken": token, "recoveryCode": authenticator.recovery_codes[0]})

        assert answer.status_code == 200

    async def test_fifty_tries_at_once_are_twenty(self, app, ada):
        authenticator = await with_totp(app, ada)
        token = await asked(app, ada)
        body = {"mfaToken": token, "code": authenticator.wrong_code()}

        answers = await asyncio.gather(*(app.post(f"{MFA}/verify", json=body) for _ in range(50)))

        assert sorted(answer.status_code for answer in answers) == [401] * 20 + [429] * 30

    async def test_right_codes_are_not_counted(self, app, ada):
        with time_machine.travel(clock.now(), tick=False) as traveller:
            authenticator = await with_totp(app, ada)
            for _ in range(22):
                traveller.shift(30)
                step_up = {"password": PASSWORD, "code": authenticator.code()}
                assert (await app.as_(ada).post(STEP_UP, json=step_up)).status_code == 204

    async def test_guesses_of_one_account_leave_others_alone(self, app, ada, bob):
        adas, bobs = await with_totp(app, ada), await with_totp(app, bob)
        token = await asked(app, ada)
        for _ in range(21):
            await app.post(f"{MFA}/verify", json={"mfaToken": token, "code": adas.wrong_code()})

        answer = await app.post(f"{MFA}/verify", json={"mfaToken": await asked(app, bob), "code": bobs.fresh_code()})

        assert answer.status_code == 200


async def test_five_wrong_codes_shut_every_door_for_the_address(app, ada):
    # R-163
    authenticator = await with_totp(app, ada)
    token = await asked(app, ada)
    wrong = {"mfaToken": token, "code": authenticator.wrong_code()}
    statuses = [(await app.post(f"{MFA}/verify", json=wrong)).status_code for _ in range(6)]

    login = await app.post(LOGIN, json={"email": ada.email, "password": PASSWORD})

    assert statuses == [401] * 5 + [429]
    assert login.status_code == 429


async def test_noise_as_a_token_is_counted_too(app):
    statuses = [(await app.post(f"{MFA}/verify", json={"mfaToken": "noise", "code": "123456"})).status_code for _ in range(6)]

    assert statuses == [401] * 5 + [429]


async def test_codes_for_setting_an_app_up_are_counted(app, ada):
    authenticator = await enrolled(app, ada)
    statuses = [
        (await app.as_(ada).post(f"{MFA}/totp/activate", json={"code": authenticator.wrong_code()})).status_code for _ in range(6)
    ]

    assert statuses == [403] * 5 + [429]
