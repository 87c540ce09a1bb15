"""Links by mail: verifying an address, a new password, signing in."""

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from mainspring.core import clock
from mainspring.core.database import Statement
from mainspring.core.jobs.models import Job
from mainspring.core.mail import Mailer
from mainspring.core.mail.ports import MailDeferred
from mainspring.modules.auth.models import EmailProof
from mainspring.modules.auth.repository import EmailProofRepository
from mainspring.modules.auth.service.email_proofs import MAGIC
from mainspring.modules.users.service import UserService
from mainspring.testing.client import PASSWORD
from tests.integration.races import assert_won_once

from .mailbox import Mailbox
from .test_admission import have_totp

AUTH = "/api/v1/auth"
NEW = "another correct horse battery"
ASK = {"verify-email": "verify-email/resend", "reset-password": "forgot-password", "magic-link": "magic-link"}
USE = {"verify-email": "verify-email", "reset-password": "reset-password", "magic-link": "magic-link/verify"}
DONE = {"verify-email": 204, "reset-password": 204, "magic-link": 200}
PURPOSES = list(USE)


@pytest.fixture
def mailbox(app, ada):
    return Mailbox(app, ada.email)


async def secret_for(app, email, purpose):
    assert (await app.post(f"{AUTH}/{ASK[purpose]}", json={"email": email})).status_code == 202
    return await Mailbox(app, email).secret(purpose)


async def use(app, purpose, token, **more):
    body = {"token": token, **({"newPassword": NEW} if purpose == "reset-password" else {}), **more}
    return await app.post(f"{AUTH}/{USE[purpose]}", json=body)


async def me(app, user):
    return await app.as_(user).get("/api/v1/users/me")


async def test_registering_mails_a_link_that_verifies_the_address(app, ada, mailbox):
    token = await mailbox.secret("verify-email")

    answer = await use(app, "verify-email", token)

    assert answer.status_code == 204
    assert (await me(app, ada)).json()["emailVerified"] is True


async def test_a_link_is_made_of_public_url_alone(app, ada):
    # ASVS 4.1.3: what a request says about its host is nobody's word
    forged = {
        "Host": "127.0.0.1:8000",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-For": "203.0.113.9",
        "X-Original-URL": "https://evil.example/",
        "Forwarded": "host=evil.example;proto=https",
        "Origin": "https://evil.example",
        "Referer": "https://evil.example/",
    }
    for headers in (forged, {**forged, "Host": "evil.example"}):
        await app.post(f"{AUTH}/forgot-password", json={"email": ada.email}, headers=headers)

    mails = [mail for mail in await Mailbox(app, ada.email).mails() if "password" in mail.subject]

    assert len(mails) == 2
    assert not any("evil" in mail.source for mail in mails)
    assert all("http://localhost:8000/reset-password#token=" in mail.source for mail in mails)


class TestOtherLinks:
    """A front end has paths of its own."""

    @pytest.fixture
    def environment(self):
        return {"AUTH__LINK_PATH": "/app/{purpose}?secret={token}", "PUBLIC_URL": "https://shop.example/"}

    async def test_links_lead_where_the_setting_says(self, app, ada):
        (mail,) = [mail for mail in await Mailbox(app, ada.email).mails() if "Confirm" in mail.subject]

        assert "\nhttps://shop.example/app/verify-email?secret=" in mail.text


@pytest.mark.parametrize("purpose", PURPOSES)
async def test_known_unknown_and_disabled_addresses_get_the_same_answer(app, ada, bob, purpose):
    # D-11
    async with app.application.unit() as uow:
        await UserService(uow).set_active(bob.id, False)
    await app.work()
    before = {email: len(await Mailbox(app, email).mails()) for email in (ada.email, bob.email)}

    answers = [
        await app.post(f"{AUTH}/{ASK[purpose]}", json={"email": email}) for email in (ada.email, bob.email, "nobody@example.com")
    ]

    assert [answer.status_code for answer in answers] == [202] * 3
    assert len({answer.content for answer in answers}) == 1
    own = ("x-request-id", "ratelimit")  # of each answer
    same = [{name: value for name, value in answer.headers.items() if name not in own} for answer in answers]
    assert same[0] == same[1] == same[2]
    assert len(await Mailbox(app, ada.email).mails()) == before[ada.email] + 1
    assert len(await Mailbox(app, bob.email).mails()) == before[bob.email]
    assert await Mailbox(app, "nobody@example.com").mails() == []


async def test_asking_does_the_same_work_for_every_address(app, ada):
    """What a request waits for is one row of a job, whoever is meant; so time tells nothing either."""
    async with app.application.reading() as uow:
        before = await uow.all(Statement(Job.__table__.select().with_only_columns(Job.name), str))
    await app.post(f"{AUTH}/forgot-password", json={"email": ada.email})
    await app.post(f"{AUTH}/forgot-password", json={"email": "nobody@example.com"})

    async with app.application.reading() as uow:
        after = await uow.all(Statement(Job.__table__.select().with_only_columns(Job.name), str))

    assert len(after) == len(before) + 2
    assert after.count("auth.send_proof") - before.count("auth.send_proof") == 2


async def test_a_reset_ends_everything_that_was_there(app, ada, mailbox):
    older, token = await secret_for(app, ada.email, "reset-password"), await secret_for(app, ada.email, "reset-password")
    magic = await secret_for(app, ada.email, "magic-link")

    answer = await use(app, "reset-password", token)

    assert answer.status_code == 204
    assert (await me(app, ada)).status_code == 401
    assert (await app.post(f"{AUTH}/refresh", json={"refreshToken": ada.refresh_token})).status_code == 401
    assert (await app.post(f"{AUTH}/login", json={"email": ada.email, "password": PASSWORD})).status_code == 401
    assert (await use(app, "reset-password", older)).status_code == 401
    assert (await use(app, "magic-link", magic)).status_code == 401
    again = await app.sign_in(ada.email, NEW)
    assert (await me(app, again)).json()["emailVerified"] is True
    assert any("set anew" in mail.subject for mail in await mailbox.mails())


async def test_a_reset_leaves_the_second_factor(app, ada):
    # ASVS 6.4.3
    await have_totp(app, ada)

    assert (await use(app, "reset-password", await secret_for(app, ada.email, "reset-password"))).status_code == 204

    answer = await app.post(f"{AUTH}/login", json={"email": ada.email, "password": NEW})
    assert answer.json()["mfaRequired"] is True
    assert "accessToken" not in answer.text


async def test_a_weak_password_leaves_the_link_good(app, ada):
    token = await secret_for(app, ada.email, "reset-password")

    weak = await use(app, "reset-password", token, newPassword="ada@example.com")
    good = await use(app, "reset-password", token)

    assert (weak.status_code, weak.json()["error"]["details"][0]["field"]) == (422, "newPassword")
    assert good.status_code == 204


async def test_a_magic_link_signs_in(app, ada):
    token = await secret_for(app, ada.email, "magic-link")

    answer = await use(app, "magic-link", token)

    assert answer.status_code == 200
    assert answer.json()["user"]["id"] == str(ada.id)
    assert answer.json()["user"]["emailVerified"] is True
    assert token not in answer.text


async def test_a_magic_link_keeps_the_session_in_cookies_on_wish(app, ada):
    token = await secret_for(app, ada.email, "magic-link")

    foreign = await app.post(
        f"{AUTH}/magic-link/verify",
        json={"token": token, "transport": "cookie"},
        headers={"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
    )
    answer = await app.post(
        f"{AUTH}/magic-link/verify", json={"token": token, "transport": "cookie"}, headers={"Sec-Fetch-Site": "same-origin"}
    )

    assert foreign.status_code == 403
    assert answer.status_code == 200
    assert "accessToken" not in answer.json()
    assert "accessToken=" in answer.headers["set-cookie"]


async def test_a_magic_link_still_asks_for_the_second_factor(app, ada):
    # ASVS 6.3.4: no way in goes around it
    await use(app, "verify-email", await Mailbox(app, ada.email).secret("verify-email"))
    await have_totp(app, ada)

    answer = await use(app, "magic-link", await secret_for(app, ada.email, "magic-link"))

    assert answer.json()["mfaRequired"] is True
    assert "accessToken" not in answer.text


@pytest.mark.parametrize("purpose", PURPOSES)
async def test_whoever_is_disabled_or_deleted_has_no_link(app, ada, bob, admin, purpose):
    tokens = [await secret_for(app, user.email, purpose) for user in (ada, bob)]
    async with app.application.unit() as uow:
        await UserService(uow).set_active(ada.id, False)
    await app.as_(admin).delete(f"/api/v1/users/{bob.id}")

    assert [(await use(app, purpose, token)).json()["error"]["code"] for token in tokens] == ["auth.link_invalid"] * 2


@pytest.mark.parametrize("purpose", PURPOSES)
async def test_a_link_is_good_for_its_purpose_only(app, ada, purpose):
    token = await secret_for(app, ada.email, purpose)

    others = [await use(app, other, token) for other in PURPOSES if other != purpose]

    assert [answer.status_code for answer in others] == [401, 401]
    assert (await use(app, purpose, token)).status_code == DONE[purpose]


@pytest.mark.parametrize("purpose", PURPOSES)
async def test_a_link_has_its_time(app, ada, purpose):
    token = await secret_for(app, ada.email, purpose)
    async with app.application.unit() as uow:
        await uow.run(Statement(update(EmailProof).values(expires_at=clock.now() - timedelta(seconds=1))))

    assert (await use(app, purpose, token)).status_code == 401


async def test_a_link_that_signs_in_lives_ten_minutes(app, ada):
    await secret_for(app, ada.email, "magic-link")

    async with app.application.reading() as uow:
        (ends,) = await uow.all(Statement(select(EmailProof.expires_at).where(EmailProof.purpose == MAGIC), datetime))

    assert ends <= clock.now() + timedelta(minutes=10)  # ASVS 6.5.5


class TestOnce:
    """50 parallel submissions, a fresh account each round, exactly one success."""

    @pytest.fixture
    def environment(self):
        return {"RATE_LIMITS": "off"}

    @pytest.mark.parametrize("purpose", PURPOSES)
    async def test_one_time_means_once(self, app, purpose):
        for _ in range(4):
            user = await app.sign_up()
            token = await secret_for(app, user.email, purpose)

            answers = await asyncio.gather(*(use(app, purpose, token) for _ in range(50)))

            assert_won_once((answer.status_code for answer in answers), DONE[purpose], 401)


async def test_of_two_links_of_one_user_at_once_one_sets_the_password(app, ada):
    tokens = [await secret_for(app, ada.email, "reset-password") for _ in range(4)]

    answers = await asyncio.gather(*(use(app, "reset-password", token) for token in tokens))

    assert sorted(answer.status_code for answer in answers) == [204, 401, 401, 401]


async def test_secrets_are_kept_as_hashes_and_stand_in_no_job(app, ada, database):
    token = await secret_for(app, ada.email, "reset-password")

    async with database.reading() as uow:
        kept = await uow.all(Statement(EmailProof.__table__.select().with_only_columns(EmailProof.token_hash), str))
        jobs = await uow.all(Statement(Job.__table__.select().with_only_columns(Job.payload), dict))

    assert token not in kept
    assert token not in str(jobs)


async def test_a_user_gets_so_many_mails_an_hour(app, ada, mailbox):
    for _ in range(8):
        assert (await app.post(f"{AUTH}/magic-link", json={"email": ada.email})).status_code == 202

    assert len(await mailbox.secrets("magic-link")) == 5


async def test_a_network_asks_so_often(app):
    answers = [await app.post(f"{AUTH}/{ASK[PURPOSES[n % 3]]}", json={"email": f"u{n}@example.com"}) for n in range(21)]

    assert [answer.status_code for answer in answers] == [202] * 20 + [429]
    assert 0 < int(answers[20].headers["retry-after"]) <= 910  # a window counts a hundredth longer than it is


async def test_a_mail_that_cannot_be_sent_yet_costs_nothing(app, ada, mailbox):
    await app.work()
    real = app.application.resolve(Mailer)

    class Busy:
        async def send(self, message):
            raise MailDeferred(retry_after=1)

    app.application.ports.singleton(Mailer, Busy)
    await app.post(f"{AUTH}/forgot-password", json={"email": ada.email})
    for _ in range(6):
        await app.work()
        async with app.application.unit() as uow:
            await uow.run(Statement(update(Job).where(Job.finished_at.is_(None)).values(run_at=Job.created_at)))
    app.application.ports.singleton(Mailer, lambda: real)

    assert len(await mailbox.secrets("reset-password")) == 1


async def test_a_verified_address_gets_no_other_link_to_verify_it(app, ada, mailbox):
    await use(app, "verify-email", await mailbox.secret("verify-email"))
    await app.post(f"{AUTH}/verify-email/resend", json={"email": ada.email})

    assert len(await mailbox.secrets("verify-email")) == 1


async def test_expired_proofs_are_forgotten(app, ada):
    await secret_for(app, ada.email, "reset-password")

    async with app.application.unit() as uow:
        assert await EmailProofRepository(uow).forget(clock.now()) == 0
        assert await EmailProofRepository(uow).forget(clock.now() + timedelta(days=2)) == 2
