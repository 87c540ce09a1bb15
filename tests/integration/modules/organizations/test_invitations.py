"""Invitations: the same answer for every address, a token that counts once, for the mailbox it was sent to (D-11)."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
import time_machine

from mainspring.core import clock
from mainspring.core.mail.folder import MailFolder
from mainspring.modules.organizations.schemas import SendInvitation
from mainspring.modules.organizations.service import InvitationService
from mainspring.modules.organizations.settings import Settings
from tests.integration.races import assert_won_once

API = "/api/v1/organizations"


async def test_somebody_with_an_account_joins_with_the_token_of_the_mail(app, ada, bob, society):
    id = await society.make(ada)
    assert (await society.invite(ada, id, " Bob@Example.com ", "admin")).status_code == 202

    answer = await society.accept(bob, await society.token(bob.email))

    assert (answer.status_code, answer.json()["role"], answer.json()["id"]) == (200, "admin", id)
    assert (await app.as_(ada).get(f"{API}/{id}/invitations")).json()["data"] == []


async def test_somebody_without_an_account_registers_first(app, ada, society):
    id = await society.make(ada)
    await society.invite(ada, id, "new@example.com")
    token = await society.token("new@example.com")
    new = await app.sign_up("new@example.com")

    unproved = await society.accept(new, token, proved=False)

    assert (unproved.status_code, unproved.json()["error"]["code"]) == (403, "organizations.email_unproved")
    assert (await society.accept(new, token)).json()["role"] == "member"


async def test_the_answer_tells_nothing_about_the_address(app, ada, bob, carol, society):
    id = await society.make(ada)
    await society.join(ada, id, carol)

    answers = [await society.invite(ada, id, email) for email in ("nobody@example.com", bob.email, carol.email, ada.email)]

    assert {answer.status_code for answer in answers} == {202}
    bodies = [answer.json() for answer in answers]
    assert [body.pop("email") for body in bodies] == ["nobody@example.com", bob.email, carol.email, ada.email]
    assert all(body.pop("expiresAt") for body in bodies)
    assert bodies == [{"role": "member"}] * 4
    assert len({tuple(sorted(answer.headers)) for answer in answers}) == 1


async def test_the_mail_says_who_invites_to_what(app, ada, society):
    await society.invite(ada, await society.make(ada), "new@example.com")
    await app.work()

    (mail,) = [one for one in await app.application.resolve(MailFolder).newest(10) if one.to == "new@example.com"]

    assert mail.subject.startswith("You are invited to Analytical Engines")
    assert "Ada Lovelace invites you to Analytical Engines, as member." in mail.text
    for words in (mail.text, mail.html):
        assert "because somebody invited this address" in words
        assert "there is an account" not in words


async def test_of_fifty_who_show_a_token_one_joins(app, ada, society):
    for round in range(4):
        id = await society.make(ada)
        new = await app.sign_up(f"new{round}@example.com")
        await society.prove(new)
        await society.invite(ada, id, new.email)
        token = await society.token(new.email)

        answers = await asyncio.gather(*(society.accept(new, token, proved=False) for _ in range(50)))

        assert_won_once([answer.status_code for answer in answers], 200, 404)
        assert {answer.json()["error"]["code"] for answer in answers if answer.status_code == 404} == {
            "organizations.invitation_invalid"
        }


async def test_the_token_is_for_the_account_with_the_address_and_stays_good_for_it(app, ada, bob, carol, society):
    id = await society.make(ada)
    await society.invite(ada, id, bob.email)
    token = await society.token(bob.email)

    stolen = await society.accept(carol, token)

    assert (stolen.status_code, stolen.json()["error"]["code"]) == (403, "organizations.invitation_for_another")
    assert (await society.accept(bob, token)).status_code == 200


async def test_whoever_belongs_already_keeps_his_role(app, ada, bob, society):
    id = await society.make(ada)
    await society.join(ada, id, bob, "admin")
    await society.invite(ada, id, bob.email)

    answer = await society.accept(bob, await society.token(bob.email))

    assert (answer.status_code, answer.json()["role"]) == (200, "admin")


@pytest.mark.parametrize("deed", ["revoke", "expire", "invite again", "delete"])
async def test_a_token_whose_invitation_is_closed_opens_nothing(app, ada, bob, society, deed):
    id = await society.make(ada)
    await society.invite(ada, id, bob.email)
    token = await society.token(bob.email)
    invitation = (await app.as_(ada).get(f"{API}/{id}/invitations")).json()["data"][0]["id"]
    late = timedelta(0)

    if deed == "revoke":
        assert (await app.as_(ada).delete(f"{API}/{id}/invitations/{invitation}")).status_code == 204
        assert (await app.as_(ada).delete(f"{API}/{id}/invitations/{invitation}")).status_code == 404
    elif deed == "expire":
        late = timedelta(days=7, seconds=1)
    elif deed == "invite again":
        await society.invite(ada, id, bob.email)
    else:
        await app.as_(ada).delete(f"{API}/{id}")

    with time_machine.travel(clock.after(late)):
        answer = await society.accept(await app.sign_in(bob.email), token)

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "organizations.invitation_invalid")


async def test_a_second_mail_makes_the_first_token_worthless(app, ada, bob, society):
    id = await society.make(ada)
    await society.invite(ada, id, bob.email)
    first = await society.token(bob.email)
    invitation = UUID((await app.as_(ada).get(f"{API}/{id}/invitations")).json()["data"][0]["id"])

    async with app.application.unit() as uow:  # as a further attempt of the job does
        letter = await InvitationService(uow).letter(invitation)

    second = letter.link.partition("token=")[2]
    assert second not in repr(letter)
    assert (await society.accept(bob, first)).status_code == 404
    assert (await society.accept(bob, second)).status_code == 200
    async with app.application.unit() as uow:
        assert await InvitationService(uow).letter(invitation) is None
        uow.enqueue(SendInvitation(invitation))
    assert await app.work() == 1


async def test_an_expired_invitation_gives_way_to_a_new_one(app, ada, bob, society):
    id = await society.make(ada)
    await society.invite(ada, id, bob.email)

    with time_machine.travel(clock.after(timedelta(days=8))):
        ada, bob = await app.sign_in(ada.email), await app.sign_in(bob.email)
        assert (await app.as_(ada).get(f"{API}/{id}/invitations")).json()["data"] == []
        assert (await society.invite(ada, id, bob.email)).status_code == 202
        assert (await society.accept(bob, await society.token(bob.email))).status_code == 200


async def test_an_organization_invites_only_so_many_a_day_also_at_once(app, ada, society, monkeypatch):
    monkeypatch.setitem(app.application.settings._sections, Settings, Settings(invitations_per_day=3))
    id = await society.make(ada)

    answers = await asyncio.gather(*(society.invite(ada, id, f"new{number}@example.com") for number in range(10)))

    assert_won_once([answer.status_code for answer in answers], 202, 409, times=3)


async def test_a_person_invites_only_so_many_a_day_to_all_his_organizations(app, ada, society, monkeypatch):
    monkeypatch.setitem(app.application.settings._sections, Settings, Settings(invitations_per_day=3))
    ids = [await society.make(ada) for _ in range(5)]

    answers = await asyncio.gather(*(society.invite(ada, id, "new@example.com") for id in ids))

    assert_won_once([answer.status_code for answer in answers], 202, 409, times=3)


async def test_closed_invitations_are_forgotten_the_day_after(app, ada, bob, society):
    id = await society.make(ada)
    await society.join(ada, id, bob)
    await society.invite(ada, id, "open@example.com")
    await society.invite(ada, id, "again@example.com")
    await society.invite(ada, id, "again@example.com")

    forgotten = []
    for days in (0, 2, 8):
        with time_machine.travel(clock.after(timedelta(days=days))):
            async with app.application.unit() as uow:
                forgotten.append(await InvitationService(uow).forget_old())

    assert forgotten == [0, 2, 2]  # accepted and replaced ones, then those that expired


async def test_only_admins_invite_and_see_invitations(app, ada, bob, society):
    id = await society.make(ada)
    await society.join(ada, id, bob)

    answers = [
        await society.invite(bob, id, "x@example.com"),
        await app.as_(bob).get(f"{API}/{id}/invitations"),
        await society.invite(ada, id, "x@example.com", "owner"),
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 422]


async def test_no_secret_is_in_the_job_or_the_invitation(app, ada, bob, society):
    id = await society.make(ada)
    await society.invite(ada, id, bob.email)
    token = await society.token(bob.email)

    shown = (await app.as_(ada).get(f"{API}/{id}/invitations")).text

    assert token not in shown
