"""Who may register, and what a stranger learns from trying (D-11)."""

import pytest

from mainspring.modules.users.service import UserService
from mainspring.testing.client import PASSWORD

from .mailbox import Mailbox

AUTH = "/api/v1/auth"
WISH = {"email": "ada@example.com", "password": PASSWORD, "name": "Ada Lovelace"}
OTHER = {**WISH, "password": "another long password", "name": "Eve"}
NEW = "yet another long password"


async def logged_in(app, password, email=WISH["email"]):
    return await app.post(f"{AUTH}/login", json={"email": email, "password": password})


class TestSilent:
    """A known address registers as a new one would, and its owner is told by mail."""

    @pytest.fixture
    def environment(self):
        return {"AUTH__REGISTRATION": "silent"}

    async def test_a_known_address_answers_as_a_new_one(self, app):
        first = await app.post(f"{AUTH}/register", json=WISH)
        second = await app.post(f"{AUTH}/register", json=OTHER)

        assert first.status_code == second.status_code == 201
        varying = {"id": 0, "createdAt": 0, "updatedAt": 0, "name": 0}
        assert {**first.json(), **varying} == {**second.json(), **varying}
        assert first.headers.keys() == second.headers.keys()

    async def test_signing_in_tells_nothing_about_an_address_that_is_not_proved(self, app):
        await app.post(f"{AUTH}/register", json=WISH)

        right, wrong = await logged_in(app, PASSWORD), await logged_in(app, "wrong password")
        unknown = await logged_in(app, PASSWORD, "nobody@example.com")

        assert [answer.status_code for answer in (right, wrong, unknown)] == [401] * 3
        assert len({answer.json()["error"]["code"] for answer in (right, wrong, unknown)}) == 1

    async def test_who_proves_the_address_comes_in(self, app):
        await app.post(f"{AUTH}/register", json=WISH)
        token = await Mailbox(app, WISH["email"]).secret("verify-email")

        await app.post(f"{AUTH}/verify-email", json={"token": token})

        assert (await logged_in(app, PASSWORD)).status_code == 200

    async def test_the_owner_of_a_known_address_is_told_and_may_set_a_password(self, app):
        await app.post(f"{AUTH}/register", json=WISH)
        await app.post(f"{AUTH}/register", json=OTHER)
        mailbox = Mailbox(app, WISH["email"])
        assert any("already have an account" in mail.subject for mail in await mailbox.mails())

        token = await mailbox.secret("reset-password")
        await app.post(f"{AUTH}/reset-password", json={"token": token, "newPassword": NEW})

        assert [(await logged_in(app, password)).status_code for password in (PASSWORD, OTHER["password"], NEW)] == [
            401,
            401,
            200,
        ]


class TestClosed:
    """Accounts are made by those who may."""

    @pytest.fixture
    def environment(self):
        return {"AUTH__REGISTRATION": "closed"}

    async def test_nobody_registers(self, app):
        answer = await app.post(f"{AUTH}/register", json=WISH)

        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "auth.registration_closed")


class TestVerifiedEmailRequired:
    """An address must be proved before a session begins, whichever way somebody comes."""

    @pytest.fixture
    def environment(self):
        return {"AUTH__VERIFIED_EMAIL_REQUIRED": "true"}

    async def test_the_right_password_is_told_what_is_missing(self, app):
        await app.post(f"{AUTH}/register", json=WISH)

        right, wrong = await logged_in(app, PASSWORD), await logged_in(app, "wrong password")

        assert (right.status_code, right.json()["error"]["code"]) == (403, "auth.email_unverified")
        assert wrong.status_code == 401

    async def test_a_magic_link_is_the_proof(self, app):
        await app.post(f"{AUTH}/register", json=WISH)
        await app.post(f"{AUTH}/magic-link", json={"email": WISH["email"]})

        token = await Mailbox(app, WISH["email"]).secret("magic-link")

        assert (await app.post(f"{AUTH}/magic-link/verify", json={"token": token})).status_code == 200

    async def test_whoever_runs_the_installation_vouches_for_an_address(self, app):
        from mainspring.modules.users.ports import AccountMaker

        await app.application.resolve(AccountMaker).make("root@example.com", "Grace Hopper", PASSWORD, ["admin"])

        assert (await logged_in(app, PASSWORD, "root@example.com")).status_code == 200
        async with app.application.reading() as uow:
            assert (await UserService(uow).by_email("root@example.com")).email_verified is True
        assert not any("Confirm" in mail.subject for mail in await Mailbox(app, "root@example.com").mails())
