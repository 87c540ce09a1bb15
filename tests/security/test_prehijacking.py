"""The five attacks on accounts before their owner has them (Sudhodanan and Paverd, "Pre-hijacked accounts", USENIX 2022).

In each, Eve makes an account with Ada's address, which she cannot prove. Later Ada comes, by her mailbox, and Eve must be out.
"""

import pytest

from mainspring.modules.auth.rows import Proof
from mainspring.modules.auth.service import Admission
from mainspring.testing.client import PASSWORD
from tests.integration.modules.auth.mailbox import Mailbox
from tests.integration.modules.auth.software_authenticator import options_to_use, with_passkey

AUTH = "/api/v1/auth"
VICTIM, ATTACKER = "ada@example.com", "eve@example.net"
EVES, ADAS = PASSWORD, "a password that only ada knows"


@pytest.fixture
async def eve(app):
    """Signed in to an account with Ada's address."""
    return await app.sign_up(VICTIM, EVES)


async def ada_resets(app):
    await app.post(f"{AUTH}/forgot-password", json={"email": VICTIM})
    token = await Mailbox(app, VICTIM).secret("reset-password")
    assert (await app.post(f"{AUTH}/reset-password", json={"token": token, "newPassword": ADAS})).status_code == 204


async def ada_signs_in_by_mail(app):
    await app.post(f"{AUTH}/magic-link", json={"email": VICTIM})
    answer = await app.post(f"{AUTH}/magic-link/verify", json={"token": await Mailbox(app, VICTIM).secret("magic-link")})
    assert answer.status_code == 200


TAKING_BACK = [ada_resets, ada_signs_in_by_mail]


async def eve_is_out(app, eve):
    assert (await app.as_(eve).get("/api/v1/users/me")).status_code == 401
    assert (await app.post(f"{AUTH}/refresh", json={"refreshToken": eve.refresh_token})).status_code == 401
    assert (await app.post(f"{AUTH}/login", json={"email": VICTIM, "password": EVES})).status_code == 401


@pytest.mark.parametrize("ada_comes", TAKING_BACK)
async def test_classic_federated_merge(app, eve, ada_comes):
    """Eve's password must not open the account that Ada entered without it, here by her mailbox instead of a provider."""
    await ada_comes(app)

    await eve_is_out(app, eve)


@pytest.mark.parametrize("ada_comes", TAKING_BACK)
async def test_unexpired_session(app, eve, ada_comes):
    """Eve keeps a session alive while Ada takes the account over."""
    refreshed = await app.post(f"{AUTH}/refresh", json={"refreshToken": eve.refresh_token})
    access = refreshed.json()["accessToken"]

    await ada_comes(app)

    assert (await app.get("/api/v1/users/me", headers={"Authorization": f"Bearer {access}"})).status_code == 401
    answer = await app.post(f"{AUTH}/refresh", json={"refreshToken": refreshed.json()["refreshToken"]})
    assert answer.status_code == 401


@pytest.mark.parametrize("ada_comes", TAKING_BACK)
async def test_trojan_identifier(app, eve, ada_comes):
    """Eve leaves a way in of her own behind: every link that she could get of this account leads to Ada's mailbox only."""
    for door in ("forgot-password", "magic-link", "verify-email/resend"):
        await app.post(f"{AUTH}/{door}", json={"email": VICTIM})
    mailbox = Mailbox(app, VICTIM)
    before = [(purpose, token) for purpose in ("reset-password", "magic-link") for token in await mailbox.secrets(purpose)]

    await ada_comes(app)

    for purpose, token in before:
        path = "reset-password" if purpose == "reset-password" else "magic-link/verify"
        more = {"newPassword": "evil password of eve"} if purpose == "reset-password" else {}
        assert (await app.post(f"{AUTH}/{path}", json={"token": token, **more})).status_code == 401
    assert await Mailbox(app, ATTACKER).mails() == []
    await eve_is_out(app, eve)


@pytest.mark.parametrize("ada_comes", TAKING_BACK)
async def test_unexpired_email_change(app, eve, ada_comes):
    """Eve wishes another address, and confirms it only after Ada uses the account."""
    body = {"newEmail": ATTACKER, "currentPassword": EVES}
    assert (await app.as_(eve).post(f"{AUTH}/change-email", json=body)).status_code == 202
    token = await Mailbox(app, ATTACKER).secret("change-email")

    await ada_comes(app)

    assert (await app.post(f"{AUTH}/change-email/confirm", json={"token": token})).status_code == 401
    await app.post(f"{AUTH}/forgot-password", json={"email": ATTACKER})
    assert await Mailbox(app, ATTACKER).secrets("reset-password") == []


@pytest.mark.parametrize("ada_comes", TAKING_BACK)
async def test_a_passkey_left_behind(app, eve, ada_comes):
    """Eve leaves a passkey, which needs neither address nor password."""
    authenticator = await with_passkey(app, eve)

    await ada_comes(app)

    body = {"credential": authenticator.use(await options_to_use(app))}
    assert (await app.post(f"{AUTH}/passkeys/login/verify", json=body)).status_code == 401
    assert any("passkeys" in mail.subject for mail in await Mailbox(app, VICTIM).mails())


@pytest.mark.parametrize("ada_comes", TAKING_BACK)
async def test_an_api_key_left_behind(app, eve, ada_comes):
    """Eve leaves a key for a program."""
    made = await app.as_(eve).post("/api/v1/api-keys", json={"name": "Mine", "scopes": ["own:read"]})
    key = made.raise_for_status().json()["key"]
    assert (await app.get("/api/v1/users/me", headers={"X-API-Key": key})).status_code == 200

    await ada_comes(app)
    await app.work()

    assert (await app.get("/api/v1/users/me", headers={"X-API-Key": key})).status_code == 401


async def test_non_verifying_provider(app, eve):
    """Eve came by a provider that let her name Ada's address unproved; Ada takes the account over, and Eve's session is dead."""
    async with app.application.unit() as uow:
        entered = await Admission(uow).admit(Proof(eve.id, "social"), "bearer")

    await ada_resets(app)

    answer = await app.post(f"{AUTH}/refresh", json={"refreshToken": entered.tokens.refresh_token})
    assert answer.status_code == 401
    await eve_is_out(app, eve)


async def test_whoever_proved_the_address_keeps_the_password(app):
    """The owner, who proved it, signs in by mail and loses nothing."""
    ada = await app.sign_up(VICTIM, ADAS)
    token = await Mailbox(app, VICTIM).secret("verify-email")
    await app.post(f"{AUTH}/verify-email", json={"token": token})

    await ada_signs_in_by_mail(app)

    assert (await app.as_(ada).get("/api/v1/users/me")).status_code == 200
    assert (await app.sign_in(VICTIM, ADAS)).id == ada.id


async def test_the_owner_is_told_that_the_password_is_gone(app, eve):
    await ada_signs_in_by_mail(app)

    assert any("Removed from your account: password" in mail.subject for mail in await Mailbox(app, VICTIM).mails())
