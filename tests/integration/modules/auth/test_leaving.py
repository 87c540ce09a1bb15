"""Leaving for good: a wish with the password, a grace in which signing in keeps the account, then nothing personal is left."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import select

from mainspring.core import clock
from mainspring.core.database import Model, Statement, bind
from mainspring.modules.auth import models
from mainspring.modules.auth.jobs import erase_due_accounts
from mainspring.modules.auth.models import Credential, EmailProof, Session
from mainspring.modules.auth.repository.deletions import ROWS_OF_USER
from mainspring.modules.auth.service import DeletionService
from mainspring.modules.notifications.models import Notification
from mainspring.modules.users.models import User
from mainspring.testing.client import PASSWORD

from .mailbox import Mailbox

ME = "/api/v1/users/me"
LOGIN = "/api/v1/auth/login"
LATER = timedelta(days=30, minutes=1)
OWNERS = (Credential.user_id, Session.user_id, EmailProof.user_id, Notification.user_id)


@dataclass(frozen=True)
class Kept:
    """What the row of a user still says."""

    email: str
    name: str
    bio: str | None
    deleted_at: datetime | None


async def leave(app, user, password=PASSWORD):
    return await app.as_(user).delete(ME, json={"currentPassword": password})


async def login(app, user):
    return await app.post(LOGIN, json={"email": user.email, "password": PASSWORD})


async def erase_what_is_due(app, after=LATER):
    with time_machine.travel(clock.now() + after, tick=True):
        async with app.application.unit() as uow:
            uow.enqueue(erase_due_accounts)
        await app.work()


async def rows_about(app, user):
    async with app.application.reading() as uow:
        return [len(await uow.all(Statement(select(of).where(of == bind("id", of)), UUID), id=user.id)) for of in OWNERS]


async def kept_of(app, user):
    wanted = select(User.email, User.name, User.bio, User.deleted_at).where(User.id == bind("id", User.id))
    async with app.application.database.reading() as uow:
        return await uow.one(Statement(wanted, Kept), id=user.id)


async def test_the_wish_ends_all_sessions_and_says_when_the_account_goes(app, ada):
    answer = await leave(app, ada)

    assert answer.status_code == 202
    left = datetime.fromisoformat(answer.json()["erasedAt"]) - clock.now()
    assert timedelta(days=29, hours=23) < left <= timedelta(days=30)
    assert (await app.as_(ada).get(ME)).status_code == 401
    assert any("going to be erased" in mail.subject for mail in await Mailbox(app, ada.email).mails())


async def test_it_needs_the_password(app, ada):
    wrong, none = await leave(app, ada, "wrong password"), await leave(app, ada, None)

    assert (wrong.status_code, none.status_code) == (403, 422)
    assert (await app.as_(ada).get(ME)).status_code == 200


async def test_signing_in_within_the_grace_keeps_the_account(app, ada):
    await leave(app, ada)

    assert (await login(app, ada)).status_code == 200
    await erase_what_is_due(app)

    assert (await login(app, ada)).status_code == 200
    assert any("Your account stays" in mail.subject for mail in await Mailbox(app, ada.email).mails())


async def test_after_the_grace_nothing_personal_is_left(app, ada):
    await app.as_(ada).patch(ME, json={"bio": "Wrote the first program"})
    await leave(app, ada)
    await app.work()
    await erase_what_is_due(app, timedelta(days=29))
    assert (await kept_of(app, ada)).email == ada.email

    await erase_what_is_due(app)

    kept = await kept_of(app, ada)
    assert (kept.email, kept.name, kept.bio) == (f"erased-{ada.id}@erased.invalid", "Erased user", None)
    assert kept.deleted_at is not None
    assert await rows_about(app, ada) == [0, 0, 0, 0]
    assert (await login(app, ada)).status_code == 401
    assert (await app.sign_up(ada.email)).id != ada.id


def test_every_table_of_auth_that_is_about_a_user_is_erased():
    about = {
        model.__tablename__
        for model in vars(models).values()
        if isinstance(model, type) and issubclass(model, Model) and model is not Model and hasattr(model, "user_id")
    }

    assert about - {statement.sql.table.name for statement in ROWS_OF_USER} == {"account_deletions"}


async def test_the_last_administrator_cannot_leave(app, admin):
    answer = await leave(app, admin)

    assert answer.status_code == 409
    assert (await app.as_(admin).get(ME)).status_code == 200


async def test_ones_own_account_goes_by_no_door_without_a_password(app, ada):
    answer = await app.as_(ada).delete(f"/api/v1/users/{ada.id}")

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "users.own_account")


async def test_the_job_and_a_sign_in_at_once_agree(app, ada):
    # whoever comes first decides; never is somebody signed in to an account that is erased
    await leave(app, ada)
    with time_machine.travel(clock.now() + LATER, tick=True):

        async def carry_out():
            async with app.application.unit() as uow:
                return await DeletionService(uow).carry_out(ada.id)

        answers = await asyncio.gather(login(app, ada), *(carry_out() for _ in range(5)))

        erased = sum(answers[1:])
        assert (answers[0].status_code, erased) in ((200, 0), (401, 1))


class TestAtOnce:
    """AUTH__DELETION_GRACE=0s."""

    @pytest.fixture
    def environment(self):
        return {"AUTH__DELETION_GRACE": "0s"}

    async def test_the_account_is_gone_with_the_answer(self, app, ada):
        assert (await leave(app, ada)).status_code == 202

        assert (await kept_of(app, ada)).name == "Erased user"
        await app.work()
        assert await rows_about(app, ada) == [0, 0, 0, 0]
