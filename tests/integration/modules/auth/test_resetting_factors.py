"""Taking the second factors from somebody who lost them."""

import pytest

from mainspring.testing.client import PASSWORD

from .authenticator_app import LOGIN, MFA, asked, enrolled, with_totp

ME = "/api/v1/users/me"


@pytest.fixture
async def resetter(people):
    return await people.with_grant("mfa:reset", email="resetter@example.com")


async def test_everything_goes_and_every_session_ends(app, ada, resetter, admin):
    authenticator = await with_totp(app, ada)
    waiting = await asked(app, ada)

    answer = await app.as_(resetter).delete(f"/api/v1/users/{ada.id}/mfa")

    assert answer.status_code == 204
    assert (await app.as_(ada).get(ME)).status_code == 401
    body = {"mfaToken": waiting, "recoveryCode": authenticator.recovery_codes[0]}
    assert (await app.post(f"{MFA}/verify", json=body)).json()["error"]["code"] == "auth.mfa_token_invalid"
    again = (await app.post(LOGIN, json={"email": ada.email, "password": PASSWORD})).json()
    assert again["user"]["mfaEnabled"] is False
    entries = (await app.as_(admin).get(f"/api/v1/audit?action=MFA_RESET&resourceId={ada.id}")).json()["data"]
    assert [entry["userId"] for entry in entries] == [str(resetter.id)]


async def test_the_user_hears_of_it(app, ada, resetter):
    await with_totp(app, ada)
    await app.as_(resetter).delete(f"/api/v1/users/{ada.id}/mfa")
    await app.work()

    told = (await app.as_(await app.sign_in(ada.email)).get("/api/v1/notifications")).json()["data"]

    assert "Two-step sign-in was reset" in {one["title"] for one in told}


async def test_an_app_that_was_never_confirmed_goes_too_and_nobody_is_signed_out(app, ada, resetter):
    authenticator = await enrolled(app, ada)

    answer = await app.as_(resetter).delete(f"/api/v1/users/{ada.id}/mfa")

    assert answer.status_code == 204
    activated = await app.as_(ada).post(f"{MFA}/totp/activate", json={"code": authenticator.code()})
    assert activated.json()["error"]["code"] == "auth.totp_not_active"


async def test_only_administrators_reset_administrators(app, admin, resetter):
    await with_totp(app, admin)

    answer = await app.as_(resetter).delete(f"/api/v1/users/{admin.id}/mfa")

    assert answer.json()["error"]["code"] == "access.administrator_protected"
    assert (await app.as_(admin).get(ME)).json()["mfaEnabled"] is True


async def test_it_takes_the_permission(app, ada, bob):
    await with_totp(app, bob)

    answer = await app.as_(ada).delete(f"/api/v1/users/{bob.id}/mfa")

    assert answer.status_code == 403
    assert answer.json()["error"]["details"] == {"required": ["mfa:reset"]}
