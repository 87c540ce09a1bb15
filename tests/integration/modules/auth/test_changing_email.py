"""Another address: both mailboxes agree, or nothing changes."""

import asyncio

import pytest

from mainspring.testing.client import PASSWORD
from tests.integration.races import assert_won_once

from .mailbox import Mailbox

AUTH = "/api/v1/auth"
OLD, NEW = "ada@example.com", "ada@example.org"


async def verified(app, user):
    token = await Mailbox(app, user.email).secret("verify-email")
    assert (await app.post(f"{AUTH}/verify-email", json={"token": token})).status_code == 204


async def wish(app, user, email=NEW, password=PASSWORD):
    return await app.as_(user).post(f"{AUTH}/change-email", json={"newEmail": email, "currentPassword": password})


async def confirm(app, token):
    return await app.post(f"{AUTH}/change-email/confirm", json={"token": token})


async def email_of(app, user):
    return (await app.as_(user).get("/api/v1/users/me")).json()["email"]


@pytest.fixture
async def proved(app, ada):
    await verified(app, ada)
    return ada


@pytest.mark.parametrize("first", [OLD, NEW])
async def test_the_address_changes_once_both_mailboxes_agreed(app, proved, first):
    other_device = await app.sign_in(OLD)
    assert (await wish(app, proved)).status_code == 202
    second = NEW if first == OLD else OLD
    tokens = {address: await Mailbox(app, address).secret("change-email") for address in (OLD, NEW)}

    early = await confirm(app, tokens[first])
    assert await email_of(app, proved) == OLD
    late = await confirm(app, tokens[second])

    assert (early.json(), late.json()) == ({"changed": False}, {"changed": True})
    me = (await app.as_(proved).get("/api/v1/users/me")).json()
    assert (me["email"], me["emailVerified"]) == (NEW, True)
    assert (await app.as_(other_device).get("/api/v1/users/me")).status_code == 401
    assert (await app.sign_in(NEW)).id == proved.id
    assert any("moved to another address" in mail.subject for mail in await Mailbox(app, OLD).mails())
    assert any("was changed" in mail.subject for mail in await Mailbox(app, NEW).mails())


async def test_the_old_address_is_told_at_once(app, proved):
    await wish(app, proved)

    subjects = [mail.subject for mail in await Mailbox(app, OLD).mails()]

    assert "A new e-mail address is wished for your account" in subjects


async def test_a_mailbox_that_was_never_proved_has_no_say(app, ada):
    await app.work()
    await wish(app, ada)

    assert await Mailbox(app, OLD).secrets("change-email") == []
    assert (await confirm(app, await Mailbox(app, NEW).secret("change-email"))).json() == {"changed": True}


async def test_it_needs_the_password(app, proved):
    # ASVS 6.2.3, 7.5.1
    answer = await wish(app, proved, password="wrong password")

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "auth.wrong_password")
    assert await Mailbox(app, NEW).mails() == []


async def test_ones_own_address_is_no_change(app, proved):
    assert (await wish(app, proved, email=" ADA@example.com ")).json()["error"]["code"] == "auth.same_email"


async def test_an_address_that_another_has_answers_alike_and_gets_no_mail(app, proved, bob):
    await app.work()
    before = len(await Mailbox(app, bob.email).mails())

    taken, free = await wish(app, proved, bob.email), await wish(app, proved, "free@example.com")

    assert (taken.status_code, taken.content) == (free.status_code, free.content) == (202, b'{"changed":false}')
    assert len(await Mailbox(app, bob.email).mails()) == before


async def test_an_address_that_somebody_took_meanwhile_stays_his(app, proved):
    await wish(app, proved)
    tokens = [await Mailbox(app, address).secret("change-email") for address in (OLD, NEW)]
    other = await app.sign_up(NEW)

    await confirm(app, tokens[0])
    answer = await confirm(app, tokens[1])

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "users.email_taken")
    assert (await email_of(app, proved), await email_of(app, other)) == (OLD, NEW)


async def test_a_new_wish_takes_the_older_one_back(app, proved):
    await wish(app, proved)
    older = [await Mailbox(app, address).secret("change-email") for address in (OLD, NEW)]
    await wish(app, proved, "third@example.com")

    assert [(await confirm(app, token)).status_code for token in older] == [401, 401]


async def test_a_password_reset_takes_the_wish_back(app, proved):
    await wish(app, proved)
    tokens = [await Mailbox(app, address).secret("change-email") for address in (OLD, NEW)]
    await app.post(f"{AUTH}/forgot-password", json={"email": OLD})
    reset = await Mailbox(app, OLD).secret("reset-password")
    body = {"token": reset, "newPassword": "another correct horse battery"}
    assert (await app.post(f"{AUTH}/reset-password", json=body)).status_code == 204

    assert [(await confirm(app, token)).status_code for token in tokens] == [401, 401]


async def test_links_of_the_old_address_die_with_it(app, proved):
    await app.post(f"{AUTH}/magic-link", json={"email": OLD})
    magic = await Mailbox(app, OLD).secret("magic-link")
    await wish(app, proved)
    for address in (OLD, NEW):
        await confirm(app, await Mailbox(app, address).secret("change-email"))

    assert (await app.post(f"{AUTH}/magic-link/verify", json={"token": magic})).status_code == 401


class TestOnce:
    """50 parallel submissions, a fresh account each round."""

    @pytest.fixture
    def environment(self):
        return {"RATE_LIMITS": "off"}

    async def test_each_link_is_used_once(self, app):
        for number in range(4):
            user = await app.sign_up(f"round{number}@example.com")
            await verified(app, user)
            new = f"moved{number}@example.org"
            await wish(app, user, new)
            old_token, new_token = [await Mailbox(app, address).secret("change-email") for address in (user.email, new)]

            answers = await asyncio.gather(*(confirm(app, token) for token in [old_token, new_token] * 50))

            assert_won_once((answer.status_code for answer in answers), 200, 401, times=2)
            assert sorted(a.json()["changed"] for a in answers if a.status_code == 200) == [False, True]
            assert await email_of(app, user) == new

    async def test_of_two_who_wish_one_address_one_gets_it(self, app, ada, bob):
        await app.work()
        for user in (ada, bob):
            await wish(app, user)
        tokens = await Mailbox(app, NEW).secrets("change-email")

        answers = await asyncio.gather(*(confirm(app, token) for token in tokens))

        assert sorted(answer.status_code for answer in answers) == [200, 409]
