"""A provider says that somebody signed out there: what began with that sign-in ends here (OpenID Back-Channel Logout 1.0)."""

import asyncio
import time
from uuid import UUID

import pytest
from joserfc.jwk import RSAKey

from mainspring.modules.users.service import UserService

from ..auth.authenticator_app import MFA, with_totp
from .browser import SOCIAL, Browser
from .oidc_server import CLIENT_ID, signed, signed_with_the_public_key, unsigned
from .stored import rows_of, verified

DOOR = f"{SOCIAL}/acme/backchannel-logout"
ME = "/api/v1/users/me"
EVENTS = {"http://schemas.openid.net/event/backchannel-logout": {}}
FOREIGN = RSAKey.generate_key(2048)


def claims_of(server, **changes):
    now = int(time.time())
    claims = {
        "iss": server.issuer,
        "aud": CLIENT_ID,
        "iat": now,
        "exp": now + 120,
        "jti": "one",
        "events": EVENTS,
        "sub": "ada-1",
        "sid": "session-1",
        **changes,
    }
    return {name: value for name, value in claims.items() if value is not None}


def head_of(server, **changes):
    return {"alg": "RS256", "kid": server.signing, "typ": "logout+jwt", **changes}


def token_of(server, header=None, key=None, **changes):
    return signed(head_of(server, **(header or {})), claims_of(server, **changes), key or server.keys[server.signing])


async def told(app, token):
    return await app.post(DOOR, data={"logout_token": token})


async def sign_in(app, server, sid, sub="ada-1", email="ada@example.com"):
    """The access token of a sign-in in a session of the provider."""
    server.claims = {"sid": sid}
    server.person = {**server.person, "sub": sub, "email": email}
    return (await Browser(app, server).sign_in())["accessToken"]


async def is_alive(app, token):
    return (await app.get(ME, headers={"Authorization": f"Bearer {token}"})).status_code == 200


async def alive(app, *tokens):
    return [await is_alive(app, token) for token in tokens]


@pytest.fixture
async def sessions(app, server):
    """Two sessions of Ada in two of the provider, one of which it did not name, and one of Bob."""
    return [
        await sign_in(app, server, "session-1"),
        await sign_in(app, server, "session-2"),
        await sign_in(app, server, None),
        await sign_in(app, server, "session-3", "bob-1", "bob@example.com"),
    ]


@pytest.mark.parametrize(
    ("says", "left"),
    [
        ({"sub": None}, [False, True, True, True]),
        ({}, [False, True, False, True]),
        ({"sid": None}, [False, False, False, True]),
        ({"sid": "session-3"}, [True, True, False, True]),
        ({"sid": "session-3", "sub": None}, [True, True, True, False]),
        ({"sid": "unknown", "sub": None}, [True, True, True, True]),
        ({"sub": "stranger"}, [True, True, True, True]),
    ],
)
async def test_the_sessions_that_it_means_end(app, server, sessions, says, left):
    assert await alive(app, *sessions) == [True] * 4

    answer = await told(app, token_of(server, **says))

    assert (answer.status_code, answer.json(), answer.headers["cache-control"]) == (200, {"accepted": True}, "no-store")
    assert await alive(app, *sessions) == left


async def test_a_session_that_began_otherwise_goes_on(app, server):
    user = await verified(app, await app.sign_up("ada@example.com"))
    outside = await sign_in(app, server, "session-1")

    await told(app, token_of(server, sid=None))

    assert await alive(app, user.access_token, outside) == [True, False]


async def test_the_refresh_token_is_worth_nothing_either(app, server):
    server.claims = {"sid": "session-1"}
    body = await Browser(app, server).sign_in()

    await told(app, token_of(server))

    answer = await app.post("/api/v1/auth/refresh", json={"refreshToken": body["refreshToken"]})
    assert answer.status_code == 401


async def test_a_token_is_taken_once(app, server, sessions):
    token = token_of(server)

    answers = await asyncio.gather(*(told(app, token) for _ in range(8)))

    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7
    again = await sign_in(app, server, "session-1")
    assert (await told(app, token)).status_code == 400
    assert await is_alive(app, again)
    assert (await told(app, token_of(server, jti="two"))).status_code == 200
    assert not await is_alive(app, again)


async def test_no_crafted_token_ends_a_session(app, server, sessions):
    now, good = int(time.time()), head_of(server)
    event = next(iter(EVENTS))
    crafted = {
        "nothing": "",
        "no signature": unsigned({**good, "alg": "none"}, claims_of(server)),
        "HS256 over the public key": signed_with_the_public_key(server)(good, claims_of(server)),
        "a foreign key": token_of(server, key=FOREIGN),
        "a foreign key inside": token_of(server, key=FOREIGN, header={"kid": "x", "jwk": FOREIGN.as_dict(private=False)}),
        "an address of keys": token_of(server, key=FOREIGN, header={"kid": "x", "jku": "https://evil.example/jwks"}),
        "the type of an ID token": token_of(server, header={"typ": "JWT"}),
        "the type of an access token": token_of(server, header={"typ": "at+jwt"}),
        "no type": signed({"alg": "RS256", "kid": server.signing}, claims_of(server), server.keys[server.signing]),
        "a nonce": token_of(server, nonce="n"),
        "no events": token_of(server, events=None),
        "other events": token_of(server, events={"https://example.com/other": {}}),
        "events in a list": token_of(server, events=[event]),
        "an event that says something else": token_of(server, events={event: True}),
        "no jti": token_of(server, jti=None),
        "a number as jti": token_of(server, jti=1),
        "another issuer": token_of(server, iss="https://evil.example"),
        "another audience": token_of(server, aud="somebody-else"),
        "two audiences": token_of(server, aud=[CLIENT_ID, "somebody-else"]),
        "no end": token_of(server, exp=None),
        "over": token_of(server, iat=now - 400, exp=now - 200),
        "old, with a long life": token_of(server, iat=now - 3_600, exp=now + 3_600),
        "from the future": token_of(server, iat=now + 600, exp=now + 900),
        "neither sub nor sid": token_of(server, sub=None, sid=None),
        "a list as sid": token_of(server, sid=["session-1"]),
        "an empty sid": token_of(server, sid=""),
    }

    answers = {case: await told(app, token) for case, token in crafted.items()}

    assert {case: answer.status_code for case, answer in answers.items()} == dict.fromkeys(crafted, 400)
    assert {answer.json()["error"]["code"] for answer in answers.values()} == {"social.logout_token_invalid"}
    assert await alive(app, *sessions) == [True] * 4
    assert not any(path.startswith("https://evil") for path in server.asked)


@pytest.mark.parametrize(
    "sent", [{"json": {"logout_token": "x"}}, {"data": {"other": "x"}}, {"content": b"logout_token=a&logout_token=b"}, {}]
)
async def test_what_is_no_such_form_is_refused(app, sent):
    assert (await app.post(DOOR, **sent)).status_code == 400


async def test_an_unknown_provider_is_told_apart(app, server):
    answer = await app.post(f"{SOCIAL}/nobody/backchannel-logout", data={"logout_token": token_of(server)})

    assert answer.status_code == 404


async def test_a_code_that_nobody_came_for_is_worth_nothing(app, server, browser):
    server.claims = {"sid": "session-1"}
    code = await browser.code()

    await told(app, token_of(server))

    assert (await browser.exchange(code)).status_code == 401


async def test_nor_is_a_question_for_the_second_factor(app, server, browser):
    user = await verified(app, await app.sign_up("ada@example.com"))
    authenticator = await with_totp(app, user)
    server.claims = {"sid": "session-1"}
    waiting = (await browser.exchange(await browser.code())).json()["mfaToken"]

    await told(app, token_of(server))

    answer = await app.post(f"{MFA}/verify", json={"mfaToken": waiting, "code": authenticator.fresh_code()})
    assert answer.status_code == 401


async def test_a_session_behind_a_second_factor_ends(app, server, browser):
    user = await verified(app, await app.sign_up("ada@example.com"))
    authenticator = await with_totp(app, user)
    server.claims = {"sid": "session-1"}
    waiting = (await browser.exchange(await browser.code())).json()["mfaToken"]
    body = (await app.post(f"{MFA}/verify", json={"mfaToken": waiting, "code": authenticator.fresh_code()})).json()
    assert await is_alive(app, body["accessToken"])

    await told(app, token_of(server))

    assert not await is_alive(app, body["accessToken"])


async def test_a_browser_with_cookies_is_out(app, server, browser):
    server.claims = {"sid": "session-1"}
    await browser.outcome(await browser.begin(transport="cookie"))
    assert (await browser.send("GET", ME)).status_code == 200

    await told(app, token_of(server))

    assert (await browser.send("GET", ME)).status_code == 401


async def test_an_erased_user_leaves_no_note(app, server, sessions):
    assert len(await rows_of(app, "social_sign_ins")) == 4
    me = await app.get(ME, headers={"Authorization": f"Bearer {sessions[3]}"})
    async with app.application.unit() as uow:
        await UserService(uow).erase(UUID(me.json()["id"]))
    await app.work()

    assert len(await rows_of(app, "social_sign_ins")) == 3
