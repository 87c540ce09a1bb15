"""Choosing a new password."""

import asyncio

import pytest

from mainspring.core.mail.folder import MailFolder
from mainspring.core.observability.logs import captured_logs
from mainspring.modules.auth.service import CredentialService, hold_admissions
from mainspring.testing.client import PASSWORD

pytestmark = pytest.mark.anyio

CHANGE = "/api/v1/auth/change-password"
NEW = "a quite different sentence"


async def test_the_new_password_counts_and_other_sessions_end(app, ada):
    # R-060, D-06, ASVS 6.2.2, 7.4.3
    other = await app.sign_in(ada.email)

    with captured_logs() as lines:
        answer = await app.as_(ada).post(CHANGE, json={"currentPassword": PASSWORD, "newPassword": NEW})

    assert answer.status_code == 204
    assert (await app.as_(ada).get("/api/v1/users/me")).status_code == 200
    assert (await app.as_(other).get("/api/v1/users/me")).status_code == 401
    assert (await app.post("/api/v1/auth/refresh", json={"refreshToken": other.refresh_token})).status_code == 401
    assert (await app.post("/api/v1/auth/login", json={"email": ada.email, "password": PASSWORD})).status_code == 401
    assert (await app.sign_in(ada.email, NEW)).id == ada.id
    assert [line["userId"] for line in lines if line["message"] == "PASSWORD_CHANGE"] == [ada.id]


async def test_the_current_password_is_needed(app, ada):
    # ASVS 6.2.3
    answer = await app.as_(ada).post(CHANGE, json={"currentPassword": "not this one", "newPassword": NEW})

    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "auth.wrong_password"
    assert (await app.sign_in(ada.email)).id == ada.id


async def test_the_new_password_follows_the_rules(app, ada):
    answer = await app.as_(ada).post(CHANGE, json={"currentPassword": PASSWORD, "newPassword": "short"})

    assert answer.status_code == 422
    assert answer.json()["error"]["details"][0]["field"] == "newPassword"


async def test_a_stolen_session_cannot_guess_the_password(app, ada):
    for _ in range(5):
        await app.as_(ada).post(CHANGE, json={"currentPassword": "not this one", "newPassword": NEW})

    answer = await app.as_(ada).post(CHANGE, json={"currentPassword": PASSWORD, "newPassword": NEW})

    assert answer.status_code == 429


async def test_the_owner_is_told_and_cannot_keep_it_from_himself(app, ada):
    await app.as_(ada).post(CHANGE, json={"currentPassword": PASSWORD, "newPassword": NEW})
    wish = {"preferences": [{"kind": "auth.security", "mail": False}]}

    refused = await app.as_(ada).patch("/api/v1/notifications/preferences", json=wish)
    await app.work()

    told = (await app.as_(ada).get("/api/v1/notifications")).json()["data"]
    assert [(one["kind"], one["title"]) for one in told] == [("auth.security", "Your password was changed")]
    mails = [mail for mail in await app.application.resolve(MailFolder).newest(10) if mail.subject == told[0]["title"]]
    assert [mail.to for mail in mails] == ["Ada Lovelace <ada@example.com>"]
    assert refused.status_code == 409


async def test_who_holds_the_sign_ins_of_a_user_gets_the_credential_too(app, ada):
    # a change of address takes the lock and then the row; the other order would be a deadlock, and 503
    async with app.application.unit() as uow:
        await hold_admissions(uow, ada.id)
        wish = {"currentPassword": PASSWORD, "newPassword": NEW}
        changing = asyncio.create_task(app.as_(ada).post(CHANGE, json=wish))
        await asyncio.sleep(0.5)  # time to hash, and to stand at the lock
        stored = await CredentialService(uow).hash_of(ada.id)
        assert stored is not None
        assert await CredentialService(uow).confirm(ada.id, stored, stored)

    assert (await changing).status_code == 204
