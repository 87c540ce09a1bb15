"""Passkeys in a real browser with a device of its own, against two server processes (WebAuthn Level 3)."""

import asyncio
import time
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from sqlalchemy import update

from mainspring.core import clock
from mainspring.core.database import Statement, bind
from mainspring.modules.auth.models import Session
from mainspring.testing.client import PASSWORD

from .passkey_page import PASSKEYS, PasskeyPage

pytestmark = pytest.mark.slow

ADA = {"email": "ada@example.com", "password": PASSWORD}
LOGIN = "/api/v1/auth/login"
ME = "/api/v1/users/me"
LONG_AGO: Statement[None] = Statement(
    update(Session).values(authenticated_at=bind("moment", Session.authenticated_at)).where(Session.ended_at.is_(None))
)


def local(url: str) -> str:
    """Passkeys belong to names, not to addresses."""
    return f"http://localhost:{urlsplit(url).port}"


@pytest.fixture
async def page(server, browser_page):
    """Ada, signed in with her password on a page of the server's own origin, and a device that can do everything."""
    running = server(workers=2)
    page = PasskeyPage(browser_page)
    await page.open(local(running.url))
    await page.device.plug_in()
    status, _ = await page.call("POST", "/api/v1/auth/register", {**ADA, "name": "Ada Lovelace"})
    assert status == 201
    _, entered = await page.call("POST", LOGIN, ADA)
    page.token = entered["accessToken"]
    return page


async def test_a_passkey_is_made_and_signs_in_without_an_address(page):
    status, kept = await page.add_passkey()
    assert (status, kept["name"]) == (201, "Laptop")
    (held,) = await page.device.credentials()
    assert (held["isResidentCredential"], held["rpId"]) == (True, "localhost")
    _, again = await page.call("POST", f"{PASSKEYS}/register/options", {})
    assert await page.create(again) == {"problem": "InvalidStateError"}  # the browser knows that the device has one

    page.token = None
    status, entered = await page.call("POST", f"{PASSKEYS}/login/verify", {"credential": await page.used()})
    assert (status, entered["user"]["email"]) == (200, ADA["email"])
    signed = {"credential": await page.used(), "transport": "cookie"}
    answers = [await page.call("POST", f"{PASSKEYS}/login/verify", signed) for _ in range(2)]

    assert [status for status, _ in answers] == [200, 401]  # what was signed once is good once
    assert "accessToken" not in answers[0][1]
    assert (await page.call("GET", ME))[1]["email"] == ADA["email"]  # by the cookie that the page cannot read
    hidden = {cookie["name"] for cookie in await page.page.context.cookies() if cookie["httpOnly"]}
    readable = await page.page.evaluate("document.cookie")
    assert hidden
    assert not any(name in readable for name in hidden)


async def test_it_is_the_second_step_and_proves_again_who_one_is(page, application):
    await page.add_passkey()
    await page.add_totp()
    page.token = None

    _, first = await page.call("POST", LOGIN, ADA)
    second = {"mfaToken": first["mfaToken"], "passkey": await page.used(first["mfaToken"])}
    status, entered = await page.call("POST", "/api/v1/auth/mfa/verify", second)
    assert (status, first["methods"]) == (200, ["totp", "recovery_code", "passkey"])

    page.token = entered["accessToken"]
    async with application.unit() as uow:
        await uow.run(LONG_AGO, moment=clock.now() - timedelta(hours=1))
    await until(page, 403)
    status, _ = await page.call("POST", "/api/v1/auth/step-up", {"passkey": await page.used()})
    assert status == 204
    await until(page, 200)


async def test_a_removed_passkey_is_refused_although_the_device_still_has_it(page):
    _, kept = await page.add_passkey()
    assert (await page.call("DELETE", f"{PASSKEYS}/{kept['id']}"))[0] == 204
    assert len(await page.device.credentials()) == 1

    status, refused = await page.call("POST", f"{PASSKEYS}/login/verify", {"credential": await page.used()})

    assert (status, refused["error"]["code"]) == (401, "auth.passkey_refused")


async def test_a_page_of_another_origin_gets_nothing_that_counts(page):
    await page.add_passkey()
    _, to_make = await page.call("POST", f"{PASSKEYS}/register/options", {})
    to_make["excludeCredentials"] = []
    _, to_use = await page.call("POST", f"{PASSKEYS}/login/options", {})
    # the same host on another port: browsers sign for it, and the server must look at the origin
    neighbour, home = "http://localhost:9", await page.page.evaluate("location.origin")
    await page.open(neighbour)
    used, made = await page.use(to_use), await page.create(to_make)
    # an address is not the domain: browsers refuse
    await page.open(home.replace("localhost", "127.0.0.1"))
    assert await page.use(to_use) == {"problem": "SecurityError"}

    await page.open(home)
    told = [
        await page.call("POST", f"{PASSKEYS}/login/verify", {"credential": used["credential"]}),
        await page.call("POST", f"{PASSKEYS}/register/verify", {"credential": made["credential"]}),
    ]

    assert [(status, body["error"]["code"]) for status, body in told] == [
        (401, "auth.passkey_refused"),
        (403, "auth.passkey_refused"),
    ]


async def test_a_device_must_keep_the_key_and_check_the_person(page):
    await page.add_passkey()
    _, to_use = await page.call("POST", f"{PASSKEYS}/login/options", {})
    await page.device.recognizes(False)
    assert await page.use(to_use) == {"problem": "NotAllowedError"}
    # a page that asks for less than the server did: the browser signs, the server refuses
    lazy = await page.use(to_use | {"userVerification": "discouraged"})
    status, refused = await page.call("POST", f"{PASSKEYS}/login/verify", {"credential": lazy["credential"]})
    assert (status, refused["error"]["code"]) == (401, "auth.passkey_refused")

    await page.device.pull_out()
    for ability in ("hasResidentKey", "hasUserVerification"):
        await page.device.plug_in(**{ability: False}, **({"isUserVerified": False} if ability == "hasUserVerification" else {}))
        _, to_make = await page.call("POST", f"{PASSKEYS}/register/options", {})
        assert await page.create(to_make) == {"problem": "NotAllowedError"}, ability
        await page.device.pull_out()


async def test_the_usual_npm_package_takes_what_we_send_and_sends_what_we_take(page, node):
    bundle = node.package("@simplewebauthn/browser/dist/bundle/index.umd.min.js")
    await page.page.add_script_tag(content=bundle.read_text())
    _, options = await page.call("POST", f"{PASSKEYS}/register/options", {})
    made = await page.page.evaluate("optionsJSON => SimpleWebAuthnBrowser.startRegistration({optionsJSON})", options)
    status, _ = await page.call("POST", f"{PASSKEYS}/register/verify", {"credential": made})
    assert status == 201

    _, options = await page.call("POST", f"{PASSKEYS}/login/options", {})
    used = await page.page.evaluate("optionsJSON => SimpleWebAuthnBrowser.startAuthentication({optionsJSON})", options)
    status, entered = await page.call("POST", f"{PASSKEYS}/login/verify", {"credential": used})

    assert (status, entered["user"]["email"]) == (200, ADA["email"])


async def until(page, status):
    """The door for a new passkey answers so in every process; they learn of it within a second."""
    ends, in_a_row = time.monotonic() + 5, 0
    while in_a_row < 12:
        answer = await page.call("POST", f"{PASSKEYS}/register/options", {})
        in_a_row = in_a_row + 1 if answer[0] == status else 0
        assert time.monotonic() < ends, answer
        await asyncio.sleep(0.02)
