"""Sessions in cookies (API.md, ARCHITECTURE 10 j, D-42)."""

import asyncio
from http.cookies import SimpleCookie

import pytest

from mainspring.core.observability.logs import captured_logs
from mainspring.core.security.csrf import CsrfTokens
from mainspring.core.security.tokens import AccessTokens
from mainspring.testing.client import PASSWORD

from .authenticator_app import with_totp
from .mailbox import Mailbox

LOGIN = "/api/v1/auth/login"
REFRESH = "/api/v1/auth/refresh"
LOGOUT = "/api/v1/auth/logout"
CSRF = "/api/v1/auth/csrf"
ME = "/api/v1/users/me"
OURS = {"Sec-Fetch-Site": "same-origin"}


class Browser:
    """Keeps the cookies of a session and sends them as a browser would, from one of our own pages unless told otherwise."""

    def __init__(self, app, names=("accessToken", "refreshToken")):
        self.app = app
        self.access_name, self.refresh_name = names
        self.cookies, self.csrf = {}, None

    async def sign_in(self, user):
        answer = await self.send("POST", LOGIN, json={"email": user.email, "password": PASSWORD, "transport": "cookie"})
        answer.raise_for_status()
        self.csrf = answer.json().get("csrfToken")
        return answer

    async def send(self, method, path, *, only=None, csrf=True, site=OURS, headers=None, **options):
        """`only` names the cookies that are sent."""
        sent = {name: value for name, value in self.cookies.items() if only is None or name in only}
        headers = {**site, **(headers or {})}
        if sent:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in sent.items())
        if csrf and self.csrf:
            headers["X-CSRF-Token"] = self.csrf
        answer = await self.app.http.request(method, path, headers=headers, **options)
        self.app.http.cookies.clear()
        for name, morsel in set_by(answer).items():
            self.cookies[name] = morsel.value
        return answer


def set_by(answer):
    found = {}
    for line in answer.headers.get_list("set-cookie"):
        found.update(SimpleCookie(line))
    return found


@pytest.fixture
async def browser(app, ada):
    browser = Browser(app)
    await browser.sign_in(ada)
    return browser


async def test_signing_in_keeps_both_tokens_out_of_the_body(app, ada):
    # R-084, ASVS 3.3.4
    answer = await Browser(app).sign_in(ada)

    assert answer.json().keys() == {"expiresIn", "expiresAt", "refreshExpiresAt", "csrfToken", "mfaEnrollmentRequired", "user"}
    cookies = set_by(answer)
    access, refresh = cookies["accessToken"], cookies["refreshToken"]
    assert (access["path"], refresh["path"]) == ("/", "/api/v1/auth")
    assert {(cookie["httponly"], cookie["samesite"], cookie["secure"]) for cookie in (access, refresh)} == {(True, "Lax", "")}
    assert 890 <= int(access["max-age"]) <= 900
    assert 7 * 86400 - 10 <= int(refresh["max-age"]) <= 7 * 86400
    assert access.value not in answer.text
    assert refresh.value not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert app.application.resolve(AccessTokens).verify(access.value).user_id == ada.id


async def test_another_site_cannot_sign_its_visitors_in(app, ada):
    wish = {"email": ada.email, "password": PASSWORD, "transport": "cookie"}

    answers = [await app.post(LOGIN, json=wish, headers=site) for site in ({}, {"Origin": "https://evil.example"})]

    assert [answer.json()["error"]["code"] for answer in answers] == ["auth.cross_site"] * 2
    assert [set_by(answer) for answer in answers] == [{}, {}]


async def test_reading_needs_the_cookie_alone(browser, ada):
    answer = await browser.send("GET", ME, csrf=False, site={"Sec-Fetch-Site": "none"})

    assert answer.json()["id"] == str(ada.id)


@pytest.mark.parametrize(("method", "path"), [("PATCH", ME), ("POST", LOGOUT), ("DELETE", ME), ("POST", REFRESH)])
async def test_changing_needs_the_token_of_the_session(browser, method, path):
    # R-179, ASVS 3.5.1
    bodies = {"PATCH": {"name": "Ada King"}, "DELETE": {"currentPassword": PASSWORD}}
    options = {"json": bodies[method]} if method in bodies else {}

    with captured_logs() as lines:
        answer = await browser.send(method, path, csrf=False, **options)

    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "auth.csrf_mismatch"
    assert [line["activity"] for line in lines if line["message"] == "SUSPICIOUS_ACTIVITY"] == ["csrf_mismatch"]
    again = await browser.send(method, path, **options)
    assert again.status_code < 300


@pytest.mark.parametrize("token", ["", "nonsense", "A" * 22, "é".encode(), "%00"])
async def test_another_token_is_no_token(browser, token):
    answer = await browser.send("PATCH", ME, csrf=False, headers={"X-CSRF-Token": token}, json={"name": "Ada King"})

    assert answer.json()["error"]["code"] == "auth.csrf_mismatch"


async def test_the_token_of_another_session_does_not_fit(app, browser, bob):
    other = Browser(app)
    await other.sign_in(bob)
    browser.csrf = other.csrf

    answer = await browser.send("PATCH", ME, json={"name": "Ada King"})

    assert answer.json()["error"]["code"] == "auth.csrf_mismatch"


@pytest.mark.parametrize("path", [ME, REFRESH])
async def test_the_right_token_from_another_site_does_not_help(browser, path):
    method = "POST" if path == REFRESH else "PATCH"

    answer = await browser.send(method, path, site={"Sec-Fetch-Site": "cross-site"}, json={})

    assert answer.json()["error"]["code"] == "auth.cross_site"


async def test_a_bearer_token_needs_no_csrf_token(app, ada):
    assert (await app.as_(ada).patch(ME, json={"name": "Ada King"})).status_code == 200


@pytest.mark.parametrize("body", [{}, {"json": {}}, {"content": b"", "headers": {"Content-Type": "application/json"}}])
async def test_the_refresh_cookie_is_enough_to_go_on(browser, body):
    before = dict(browser.cookies)

    answer = await browser.send("POST", REFRESH, only=["refreshToken"], **body)

    assert answer.status_code == 200
    assert answer.json()["csrfToken"] == browser.csrf
    assert browser.cookies["refreshToken"] != before["refreshToken"]
    assert (await browser.send("GET", ME)).status_code == 200


async def test_ten_tabs_that_refresh_at_once_stay_signed_in(browser):
    # D-04
    only = {"refreshToken": browser.cookies["refreshToken"]}
    headers = {**OURS, "X-CSRF-Token": browser.csrf, "Cookie": f"refreshToken={only['refreshToken']}"}

    answers = await asyncio.gather(*(browser.app.http.post(REFRESH, headers=headers) for _ in range(10)))

    assert {answer.status_code for answer in answers} == {200}
    assert len({set_by(answer)["refreshToken"].value for answer in answers}) == 1


async def test_a_refresh_token_works_only_the_way_it_was_given(app, browser, ada):
    # D-08
    in_the_body = await app.post(REFRESH, json={"refreshToken": browser.cookies["refreshToken"]})
    browser.cookies["refreshToken"] = ada.refresh_token
    in_the_cookie = await browser.send("POST", REFRESH, only=["refreshToken"])

    assert {in_the_body.status_code, in_the_cookie.status_code} == {401}
    assert in_the_body.json()["error"]["code"] == in_the_cookie.json()["error"]["code"] == "auth.refresh_invalid"
    assert (await app.post(REFRESH, json={"refreshToken": ada.refresh_token})).status_code == 200


async def test_without_any_refresh_token_there_is_no_credential(app):
    answer = await app.post(REFRESH)

    assert answer.status_code == 401
    assert answer.json()["error"]["details"]["reason"] == "token_missing"


@pytest.mark.parametrize("name", ["accessToken", "refreshToken"])
async def test_two_cookies_of_a_name_are_refused(app, browser, name):
    # a neighbouring host may have planted one
    value = browser.cookies[name]
    headers = {**OURS, "X-CSRF-Token": browser.csrf, "Cookie": f"{name}={value}; {name}={value}"}

    answer = await app.http.post(LOGOUT if name == "accessToken" else REFRESH, headers=headers)

    assert answer.status_code == 401
    assert answer.json()["error"]["details"]["reason"] == "token_invalid"


@pytest.mark.parametrize("only", [["refreshToken"], ["accessToken"], None])
async def test_a_page_that_forgot_its_token_asks_for_it(browser, only):
    answer = await browser.send("GET", CSRF, only=only, csrf=False)

    assert answer.json() == {"csrfToken": browser.csrf}
    assert answer.headers["cache-control"] == "no-store"


async def test_asking_for_the_token_uses_no_refresh_token_up(browser):
    for _ in range(3):
        assert (await browser.send("GET", CSRF, only=["refreshToken"])).status_code == 200

    assert (await browser.send("POST", REFRESH, only=["refreshToken"])).status_code == 200


async def test_nobody_else_gets_a_token(app, browser, ada):
    assert (await app.get(CSRF)).status_code == 401
    sent = Browser(app)
    sent.cookies = {"refreshToken": "nonsense"}
    assert (await sent.send("GET", CSRF)).json()["error"]["code"] == "auth.refresh_invalid"
    sent.cookies = {"refreshToken": ada.refresh_token}
    assert (await sent.send("GET", CSRF)).json()["error"]["code"] == "auth.refresh_invalid"
    await browser.send("POST", LOGOUT, only=["accessToken"])
    assert (await browser.send("GET", CSRF)).json()["error"]["code"] == "auth.refresh_revoked"


async def test_signing_in_anew_ends_the_session_that_the_browser_had(app, browser, ada, bob):
    # ASVS 7.2.4
    before, bearer = dict(browser.cookies), await app.sign_in(ada.email)

    await browser.sign_in(bob)

    old = Browser(app)
    old.cookies = before
    assert (await old.send("GET", ME)).json()["error"]["details"]["reason"] == "token_revoked"
    assert (await old.send("GET", CSRF, only=["refreshToken"])).json()["error"]["code"] == "auth.refresh_revoked"
    assert (await browser.send("GET", ME)).json()["id"] == str(bob.id)
    assert (await app.as_(bearer).get(ME)).status_code == 200


async def test_a_sign_in_that_fails_or_waits_leaves_the_session_alone(app, browser, ada, bob):
    await with_totp(app, bob)
    wish = {"email": ada.email, "password": "wrong password", "transport": "cookie"}
    assert (await browser.send("POST", LOGIN, json=wish)).status_code == 401
    wish = {"email": bob.email, "password": PASSWORD, "transport": "cookie"}
    assert (await browser.send("POST", LOGIN, json=wish)).json()["mfaRequired"] is True

    assert (await browser.send("GET", ME)).json()["id"] == str(ada.id)


async def test_a_second_step_replaces_the_session_too(app, browser, ada, bob):
    before, authenticator = dict(browser.cookies), await with_totp(app, bob)
    wish = {"email": bob.email, "password": PASSWORD, "transport": "cookie"}
    token = (await browser.send("POST", LOGIN, json=wish)).json()["mfaToken"]

    body = {"mfaToken": token, "code": authenticator.fresh_code()}
    assert (await browser.send("POST", "/api/v1/auth/mfa/verify", json=body)).status_code == 200

    old = Browser(app)
    old.cookies = before
    assert (await old.send("GET", ME)).status_code == 401
    assert (await browser.send("GET", ME)).json()["id"] == str(bob.id)


async def test_a_mailed_link_replaces_the_session_too(app, browser, ada, bob):
    before = dict(browser.cookies)
    await app.post("/api/v1/auth/magic-link", json={"email": bob.email})
    body = {"token": await Mailbox(app, bob.email).secret("magic-link"), "transport": "cookie"}

    assert (await browser.send("POST", "/api/v1/auth/magic-link/verify", json=body)).status_code == 200

    old = Browser(app)
    old.cookies = before
    assert (await old.send("GET", ME)).status_code == 401
    assert (await browser.send("GET", ME)).json()["id"] == str(bob.id)


@pytest.mark.parametrize("path", [LOGOUT, "/api/v1/auth/logout-all"])
async def test_signing_out_takes_the_cookies_away(browser, path):
    answer = await browser.send("POST", path)

    gone = set_by(answer)
    assert answer.status_code == 204
    assert {name: (cookie.value, cookie["max-age"], cookie["path"]) for name, cookie in gone.items()} == {
        "accessToken": ("", "0", "/"),
        "refreshToken": ("", "0", "/api/v1/auth"),
    }


async def test_signing_out_with_a_bearer_token_sets_no_cookie(app, ada):
    assert set_by(await app.as_(ada).post(LOGOUT)) == {}


async def test_the_first_credential_decides(app, browser, bob):
    # ARCHITECTURE 10 j
    as_bob = await browser.send("PATCH", ME, csrf=False, headers=bob.headers, json={"name": "Bob Moore"})
    bad = await browser.send("GET", ME, headers={"Authorization": "Bearer nonsense"})

    assert as_bob.json()["id"] == str(bob.id)
    assert bad.status_code == 401


async def test_the_csrf_token_follows_the_secret(app):
    tokens = CsrfTokens(["an older secret of 32 characters and more"])
    newer = CsrfTokens(["a newer secret of 32 characters and more", "an older secret of 32 characters and more"])
    session_id = app.application.resolve(AccessTokens).verify((await app.sign_up()).access_token).session_id

    assert newer.is_of(tokens.of(session_id).encode(), session_id)
    assert newer.of(session_id) != tokens.of(session_id)
    assert not tokens.is_of(newer.of(session_id).encode(), session_id)
