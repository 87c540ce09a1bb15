"""Which account an outside identity opens (D-40), and links added and removed by their owner."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from mainspring.core import clock
from mainspring.core.database import Statement, bind
from mainspring.core.personal_data import collected
from mainspring.modules.auth.models import Session
from mainspring.modules.social.service import LinkService
from mainspring.modules.users.ports import AccountMaker
from mainspring.modules.users.service import UserService
from mainspring.testing.client import PASSWORD

from ..auth.mailbox import Mailbox
from ..auth.software_authenticator import with_passkey
from .browser import SOCIAL, Browser
from .stored import rows_of, verified

LINKS = f"{SOCIAL}/links"
PROVED_THEN: Statement[None] = Statement(update(Session).values(authenticated_at=bind("at", Session.authenticated_at)))


async def test_a_proved_address_on_both_sides_is_one_account(app, browser, ada):
    await verified(app, ada)

    body = await browser.sign_in()

    assert body["user"]["id"] == str(ada.id)
    assert (await app.sign_in(ada.email)).id == ada.id
    assert (await app.as_(ada).get("/api/v1/users/me")).status_code == 200
    assert any("Sign-in with Acme was added" in mail.subject for mail in await Mailbox(app, ada.email).mails())


async def test_an_account_that_nobody_proved_loses_what_was_there_before(app, browser, ada):
    # decision 112
    body = await browser.sign_in()

    assert body["user"]["id"] == str(ada.id)
    assert body["user"]["emailVerified"] is True
    login = {"email": ada.email, "password": PASSWORD}
    assert (await app.post("/api/v1/auth/login", json=login)).status_code == 401
    assert (await app.as_(ada).get("/api/v1/users/me")).status_code == 401


@pytest.mark.parametrize("is_known", [True, False])
async def test_an_unproved_address_opens_nothing_and_tells_nothing(app, browser, server, is_known):
    if is_known:
        await verified(app, await app.sign_up("ada@example.com"))
    for says in (False, None, "yes", 1, ["true"]):
        server.person["email_verified"] = says

        assert await browser.error() == "social.address_unproved"

    assert await rows_of(app, "social_links") == []


async def test_without_an_address_there_is_no_account(browser, server):
    del server.person["email"]

    assert await browser.error() == "social.address_unproved"


async def test_an_identity_that_is_linked_needs_no_address(browser, server):
    first = await browser.sign_in()
    server.person = {"sub": server.person["sub"]}

    assert (await browser.sign_in())["user"]["id"] == first["user"]["id"]


@pytest.mark.parametrize("more_settings", [{"AUTH__REGISTRATION": "closed"}])
async def test_where_nobody_registers_only_known_people_come_in(app, browser, server, ada_by_the_command_line):
    assert (await browser.sign_in())["user"]["id"] == str(ada_by_the_command_line)
    server.person |= {"sub": "bob-1", "email": "bob@example.com"}

    assert await browser.error() == "auth.registration_closed"


@pytest.fixture
async def ada_by_the_command_line(app):
    return await app.application.resolve(AccountMaker).make("ada@example.com", "Ada", PASSWORD, ["user"])


@pytest.mark.parametrize("more_settings", [{"AUTH__REGISTRATION": "silent"}])
async def test_where_registering_is_silent_a_proved_address_makes_an_account(browser):
    assert (await browser.sign_in())["user"]["emailVerified"] is True


async def test_a_disabled_account_is_refused_like_a_wrong_answer(app, browser, admin):
    body = await browser.sign_in()
    await app.as_(admin).patch(f"/api/v1/users/{body['user']['id']}", json={"isActive": False})

    answer = await browser.exchange(await browser.code())
    cookie = await browser.outcome(await browser.begin(transport="cookie"))

    assert answer.json()["error"]["code"] == "social.code_invalid"
    assert cookie == {"error": "social.refused"}


async def test_who_is_signed_in_links_an_identity_with_another_address(app, server, ada):
    server.person |= {"email": "countess@example.org", "email_verified": False}
    browser = Browser(app, server, user=ada)

    found = await browser.outcome(await browser.begin_link(next="/account"))

    assert found == {"linked": "acme"}
    listed = (await browser.send("GET", LINKS)).json()["data"]
    assert [(one["provider"], one["email"]) for one in listed] == [("acme", "countess@example.org")]
    stranger = Browser(app, server)
    assert (await stranger.sign_in())["user"]["id"] == str(ada.id)
    assert (await browser.outcome(await browser.begin_link())) == {"linked": "acme"}
    assert len(await rows_of(app, "social_links")) == 1


async def test_an_identity_opens_one_account(app, browser, server, bob):
    await browser.sign_in()
    other = Browser(app, server, user=bob)

    assert await other.outcome(await other.begin_link()) == {"error": "social.identity_taken"}
    assert (await other.send("GET", LINKS)).json()["data"] == []


async def test_linking_needs_a_recent_proof(app, server, ada, hours_later):
    browser = Browser(app, server, user=ada)

    answer = await browser.send("POST", f"{SOCIAL}/acme/link", json={})

    assert answer.json()["error"]["code"] == "auth.step_up_required"


async def test_unlinking_needs_a_recent_proof(app, server, ada, hours_later):
    answer = await app.as_(ada).delete(f"{LINKS}/{ada.id}")

    assert answer.json()["error"]["code"] == "auth.step_up_required"


@pytest.fixture
async def hours_later(app, ada):
    """Ada proved two hours ago who she is."""
    async with app.application.unit() as uow:
        await uow.run(PROVED_THEN, at=clock.now() - timedelta(hours=2))


async def test_the_session_that_wished_a_link_must_still_live(app, server, ada):
    browser = Browser(app, server, user=ada)
    address = await browser.begin_link()
    await app.as_(ada).post("/api/v1/auth/logout")

    assert await browser.outcome(address) == {"error": "social.attempt_invalid"}
    assert await rows_of(app, "social_links") == []


async def test_the_last_way_in_stays(app, browser, server):
    body = await browser.sign_in()
    headers = {"Authorization": f"Bearer {body['accessToken']}"}
    [link] = (await app.get(LINKS, headers=headers)).json()["data"]

    answer = await app.delete(f"{LINKS}/{link['id']}", headers=headers)

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "social.last_way_in")
    assert (await browser.sign_in())["user"]["id"] == body["user"]["id"]


@pytest.mark.parametrize("other", ["password", "passkey", "link"])
async def test_a_link_goes_where_there_is_another_way_in(app, browser, server, other):
    user = await app.sign_up("ada@example.com") if other == "password" else None
    if user is not None:
        await verified(app, user)
    body = await browser.sign_in()
    mine = type("Me", (), {"headers": {"Authorization": f"Bearer {body['accessToken']}"}})
    me = Browser(app, server, user=mine)
    if other == "passkey":
        await with_passkey(app, mine)
    if other == "link":
        server.person |= {"sub": "ada-2"}
        assert await me.outcome(await me.begin_link()) == {"linked": "acme"}
    first = (await me.send("GET", LINKS)).json()["data"][-1]

    answer = await me.send("DELETE", f"{LINKS}/{first['id']}")

    assert answer.status_code == 204
    assert first["id"] not in [one["id"] for one in (await me.send("GET", LINKS)).json()["data"]]
    assert any("Sign-in with Acme was removed" in mail.subject for mail in await Mailbox(app, "ada@example.com").mails())


async def test_a_strangers_link_is_not_there(app, browser, ada, bob):
    await verified(app, ada)
    await browser.sign_in()
    [link] = (await app.as_(ada).get(LINKS)).json()["data"]

    answer = await app.as_(bob).delete(f"{LINKS}/{link['id']}")

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "social.link_not_found")


async def test_an_unlinked_identity_with_an_unproved_address_is_a_strangers(app, browser, server, ada):
    await verified(app, ada)
    await browser.sign_in()
    [link] = (await app.as_(ada).get(LINKS)).json()["data"]
    await app.as_(ada).delete(f"{LINKS}/{link['id']}")
    server.person["email_verified"] = False

    assert await browser.error() == "social.address_unproved"


async def test_every_link_is_in_the_audit_trail(app, browser, server, ada):
    await verified(app, ada)
    await browser.sign_in()
    server.person |= {"sub": "bob-1", "email": "bob@example.com"}
    await Browser(app, server).sign_in()
    [link] = (await app.as_(ada).get(LINKS)).json()["data"]
    await app.as_(ada).delete(f"{LINKS}/{link['id']}")

    rows = str(await rows_of(app, "core_audit_log"))

    assert all(f"'{action}'" in rows for action in ("LINK", "LINK_NEW", "UNLINK"))


async def test_links_are_in_the_archive_of_personal_data(app, browser, ada):
    await verified(app, ada)
    await browser.sign_in()

    data = await collected(app.application, ada.id)

    assert [one["subject"] for one in data["social"]["links"]] == ["ada-1"]
    assert [one["subject"] for one in data["social"]["sign_ins"]] == ["ada-1"]


async def test_an_erased_account_leaves_no_link_and_the_identity_may_come_anew(app, browser):
    body = await browser.sign_in()
    async with app.application.unit() as uow:
        await UserService(uow).erase(UUID(body["user"]["id"]))
    await app.work()

    assert await rows_of(app, "social_links") == []
    assert (await browser.sign_in())["user"]["id"] != body["user"]["id"]


class TestTokensOfTheProvider:
    @pytest.mark.parametrize("more_settings", [{"SOCIAL__KEEP_TOKENS": "on"}])
    async def test_are_kept_sealed_on_wish(self, app, browser, server):
        await browser.sign_in()

        [token] = server.tokens
        assert token not in str(await rows_of(app, "social_links"))
        async with app.application.reading() as uow:
            links = LinkService(uow)
            link = await links.of_identity(server.issuer, "ada-1")
            kept = await links.tokens_of(link)
            assert token in kept
            assert "refresh-me" in kept

    @pytest.mark.parametrize("more_settings", [{"SOCIAL__KEEP_TOKENS": "on"}])
    async def test_a_refresh_token_stays_that_is_given_the_first_time_only(self, app, browser, server):
        await browser.sign_in()
        server.refreshes = False
        await browser.sign_in()

        async with app.application.reading() as uow:
            links = LinkService(uow)
            kept = await links.tokens_of(await links.of_identity(server.issuer, "ada-1"))
        assert "refresh-me" in kept
        assert list(server.tokens)[-1] in kept

    async def test_are_not_kept_otherwise(self, app, browser):
        await browser.sign_in()

        assert [row for row in await rows_of(app, "social_links") if any("v1." in str(cell) for cell in row)] == []
