"""Clients hear that somebody signed out (OpenID Connect Back-Channel Logout 1.0)."""

import time
from uuid import UUID

import pytest
from joserfc import jws, jwt
from sqlalchemy import select, update

from mainspring.core import clock
from mainspring.core.database import Statement, UtcDateTime, bind
from mainspring.core.jobs.models import Job
from mainspring.core.outgoing import AddressRefused
from mainspring.core.security.keys import KeyRing
from mainspring.modules.oauth.ports import LogoutSender
from mainspring.modules.users.service import UserService
from mainspring.testing.client import PASSWORD

from .browser import CLIENTS, Browser, back, made, with_token
from .logout_receiver import LogoutReceiver

AUTH = "/api/v1/auth"
EVENT = "http://schemas.openid.net/event/backchannel-logout"
ORDERED = Statement(select(Job.id).where(Job.name == "oauth.send_logout"), UUID)
RETRY_NOW: Statement[None] = Statement(update(Job).where(Job.state == "waiting").values(run_at=bind("now", UtcDateTime)))


@pytest.fixture
async def receiver():
    async with LogoutReceiver() as receiver:
        yield receiver


@pytest.fixture
def environment(receiver):
    return {"OUTGOING__ALLOWED_NETWORKS": "127.0.0.0/8", "OUTGOING__PORTS": f"443,{receiver.port}", "RATE_LIMITS": "off"}


@pytest.fixture
async def shop(app, manager, receiver):
    return await made(app, manager, backchannelLogoutUri=receiver.url)


async def let_in(app, client, user=None, browser=None, **more):
    """A user's browser, the tokens, and what the ID token says."""
    user, browser = user or await app.sign_up(), browser or Browser(app)
    tokens = (await client.exchange(await client.code(user, browser=browser, **more))).json()
    return user, browser, tokens, claims_of(app, tokens["id_token"])


async def let_in_as_well(app, client, browser):
    """What the ID token says of another client of a browser that is signed in."""
    answer = await browser.fill(await browser.get(client.request(prompt="consent")), decision="allow")
    return claims_of(app, (await client.exchange(back(answer)["code"])).json()["id_token"])


def claims_of(app, token):
    """The claims of a token that our own key signed."""
    keys = app.application.resolve(KeyRing)
    return jwt.decode(token, keys.signing, algorithms=[keys.algorithm]).claims


async def heard(app, receiver):
    """The claims of the logout tokens that came."""
    await app.work()
    return [claims_of(app, token) for token in receiver.tokens]


async def sign_out_on_page(app, user, browser):
    await browser.fill(await browser.get("/oauth/logout"), decision="allow")


async def sign_out_everywhere(app, user, browser):
    assert (await app.as_(user).post(f"{AUTH}/logout-all")).status_code == 204


async def change_password(app, user, browser):
    wish = {"currentPassword": PASSWORD, "newPassword": "a quite different sentence"}
    assert (await app.as_(user).post(f"{AUTH}/change-password", json=wish)).status_code == 204


async def end_the_client_in_the_list(app, user, browser):
    sessions = (await app.as_(user).get(f"{AUTH}/sessions")).json()["data"]
    (mine,) = [one for one in sessions if one["device"] == "Shop on the web"]
    assert (await app.as_(user).delete(f"{AUTH}/sessions/{mine['id']}")).status_code == 204


async def withdraw_consent(app, user, browser):
    (consent,) = (await app.as_(user).get("/api/v1/oauth-consents")).json()["data"]
    assert (await app.as_(user).delete(f"/api/v1/oauth-consents/{consent['clientId']}")).status_code == 204


async def be_disabled(app, user, browser):
    async with app.application.unit() as uow:
        await UserService(uow).set_active(user.id, False)


async def be_ended_by_an_administrator(app, user, browser):
    other = await app.sign_up()
    await app.give_role(other, "admin")
    assert (await app.as_(other).delete(f"/api/v1/users/{user.id}/sessions")).status_code == 204


async def delete_the_account(app, user, browser):
    answer = await app.as_(user).delete("/api/v1/users/me", json={"currentPassword": PASSWORD})
    assert answer.status_code in (200, 202, 204)


ENDS = [
    sign_out_on_page,
    sign_out_everywhere,
    change_password,
    end_the_client_in_the_list,
    withdraw_consent,
    be_disabled,
    be_ended_by_an_administrator,
    delete_the_account,
]


@pytest.mark.parametrize("end", ENDS)
async def test_the_client_hears_of_every_end_once(app, shop, receiver, end):
    user, browser, _, signed_in = await let_in(app, shop)

    await end(app, user, browser)

    async with app.application.reading() as uow:
        assert len(await uow.all(ORDERED)) == 1
    (told,) = await heard(app, receiver)
    assert (told["sub"], told["sid"], told["aud"]) == (str(user.id), signed_in["sid"], shop.id)
    async with app.application.unit() as uow:
        await UserService(uow).set_active(user.id, False)
    assert len(await heard(app, receiver)) == 1


async def test_the_token_has_the_form_of_the_standard(app, shop, receiver):
    user, browser, *_ = await let_in(app, shop)

    await sign_out_on_page(app, user, browser)

    (told,) = await heard(app, receiver)
    assert jws.extract_compact(receiver.tokens[0].encode()).headers()["typ"] == "logout+jwt"
    assert told["events"] == {EVENT: {}}
    assert told["iss"] == app.application.settings.jwt_issuer
    assert "nonce" not in told
    assert told["exp"] - told["iat"] == 120
    assert abs(told["iat"] - time.time()) < 60
    assert UUID(told["jti"])
    answer = await app.get("/api/v1/users/me", headers=with_token(receiver.tokens[0]))
    assert answer.status_code == 401, "a logout token opens nothing"
    hinted = await browser.get(f"/oauth/logout?id_token_hint={receiver.tokens[0]}")
    assert hinted.status_code == 400, "nor is it an ID token"


async def test_whoever_does_not_answer_200_is_told_again_with_another_jti(app, shop, receiver):
    receiver.statuses = [500, 400, 204]
    user, browser, *_ = await let_in(app, shop)
    await sign_out_on_page(app, user, browser)

    for _ in range(4):
        told = await heard(app, receiver)
        async with app.application.unit() as uow:
            await uow.run(RETRY_NOW, now=clock.now())

    assert len(told) == len({one["jti"] for one in told}) == 3
    assert len({one["sid"] for one in told}) == 1


async def test_the_id_token_of_a_refresh_has_the_same_sid(app, shop):
    *_, tokens, signed_in = await let_in(app, shop)

    refreshed = claims_of(app, (await shop.refresh(tokens["refresh_token"])).json()["id_token"])

    assert refreshed["sid"] == signed_in["sid"]


async def test_every_client_of_the_browser_hears_and_no_other(app, manager, receiver):
    first, second = [await made(app, manager, name=name, backchannelLogoutUri=receiver.url) for name in ("First", "Second")]
    silent = await made(app, manager, name="Silent")
    user, browser, _, one = await let_in(app, first)
    two = await let_in_as_well(app, second, browser)
    await let_in_as_well(app, silent, browser)
    await let_in(app, first, user, Browser(app))
    await let_in(app, first)

    await sign_out_on_page(app, user, browser)

    assert {told["sid"] for told in await heard(app, receiver)} == {one["sid"], two["sid"]}


async def test_signing_in_again_on_the_page_is_no_logout_for_the_same_person(app, shop, receiver):
    user, browser, _, before = await let_in(app, shop)
    *_, after = await let_in(app, shop, user, browser, prompt="login")
    assert await heard(app, receiver) == []

    await sign_out_on_page(app, user, browser)

    assert {told["sid"] for told in await heard(app, receiver)} == {before["sid"], after["sid"]}


async def test_somebody_else_who_signs_in_there_is(app, shop, receiver):
    _, browser, _, signed_in = await let_in(app, shop)

    await let_in(app, shop, await app.sign_up(), browser, prompt="login")

    assert [told["sid"] for told in await heard(app, receiver)] == [signed_in["sid"]]


async def test_a_client_that_gives_its_tokens_back_is_told_nothing(app, shop, receiver):
    *_, tokens, _ = await let_in(app, shop)

    await shop.ask("/oauth/revoke", token=tokens["refresh_token"])

    assert await heard(app, receiver) == []


async def test_nor_one_that_is_deleted(app, manager, shop, receiver):
    await let_in(app, shop)

    assert (await app.as_(manager).delete(f"{CLIENTS}/{shop.id}")).status_code == 204

    async with app.application.reading() as uow:
        assert await uow.all(ORDERED) == []


async def test_nor_one_that_asked_for_no_id_token(app, shop, receiver):
    user = await app.sign_up()
    await shop.tokens(user, "own:read")

    await sign_out_everywhere(app, user, None)

    assert await heard(app, receiver) == []


@pytest.mark.parametrize(
    "address",
    [
        "http://10.0.0.1/",
        "https://169.254.169.254/",
        "https://shop.example.com:8443/",
        "https://shop.example.com/#x",
        "javascript:alert(1)",
        "https://user@shop.example.com/",
    ],
)
async def test_an_address_inside_is_not_registered(app, manager, address):
    wish = {"name": "Spy", "kind": "public", "redirectUris": ["https://a.example/"], "backchannelLogoutUri": address}

    answer = await app.as_(manager).post(CLIENTS, json=wish)

    assert answer.status_code == 422, answer.text
    assert [one["field"] for one in answer.json()["error"]["details"]] == ["backchannelLogoutUri"]


async def test_nor_asked_when_it_was_registered_before(app):
    with pytest.raises(AddressRefused):
        await app.application.resolve(LogoutSender).send("https://10.0.0.1/", "a token")


async def test_the_address_is_changed_and_taken_away(app, manager, shop, receiver):
    path = f"{CLIENTS}/{shop.id}"
    wish = {"backchannelLogoutUri": "https://shop.example.com/bye", "backchannelLogoutSessionRequired": True}
    changed = await app.as_(manager).patch(path, json=wish)
    assert wish.items() <= changed.json().items()
    gone = await app.as_(manager).patch(path, json={"backchannelLogoutUri": ""})
    assert gone.json()["backchannelLogoutUri"] is None

    user, browser, *_ = await let_in(app, shop)
    await sign_out_on_page(app, user, browser)

    assert await heard(app, receiver) == []


async def test_discovery_says_so(app):
    told = (await app.get("/.well-known/openid-configuration")).json()

    assert told["backchannel_logout_supported"] is told["backchannel_logout_session_supported"] is True
    assert "sid" in told["claims_supported"]
