"""The pages hold against other sites: no frame, no script, no form of anybody else (ASVS 3.4, 3.5)."""

import pytest

from .browser import Browser, action_of, hidden_of, made

HOSTILE = '"><script>alert(1)</script>'


async def pages_of(app, client):
    user, browser = await app.sign_up(), Browser(app)
    sign_in = await browser.get(client.request())
    return browser, sign_in, await browser.sign_in(sign_in, user)


async def test_pages_run_no_script_stand_in_no_frame_and_are_not_kept(app, client):
    _, sign_in, consent = await pages_of(app, client)

    for page in (sign_in, consent):
        policy = page.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'self';")
        assert "frame-ancestors 'none'" in policy
        assert "form-action 'self' https://app.example.com" in policy
        assert "script" not in policy
        assert page.headers["x-frame-options"] == "DENY"
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "no-referrer"
        assert "<script" not in page.text
        assert '<html lang="en">' in page.text


async def test_the_style_sheet_is_ours(app):
    answer = await app.get("/oauth/style.css")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert "focus-visible" in answer.text


async def test_what_others_named_is_text_on_our_pages(app, manager):
    client = await made(app, manager, name=HOSTILE)
    browser, sign_in, consent = await pages_of(app, client)
    hinted = await browser.get(client.request(login_hint=HOSTILE, prompt="login", state=HOSTILE))

    for page in (sign_in, consent, hinted):
        assert "<script" not in page.text
    assert hidden_of(hinted)["request"].count("<") == 0


FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
    {"Origin": "https://evil.example.com"},
]


@pytest.mark.parametrize("headers", FOREIGN)
async def test_no_other_site_sends_our_forms(app, client, headers):
    browser, sign_in, consent = await pages_of(app, client)

    for page, typed in ((sign_in, {"email": "a@example.com", "password": "x"}), (consent, {"decision": "allow"})):
        answer = await browser.post(action_of(page), {**hidden_of(page), **typed}, headers=headers)
        assert (answer.status_code, "location" in answer.headers) == (403, False)


@pytest.mark.parametrize("headers", [{}, {"Origin": "null"}, {"Sec-Fetch-Site": "same-origin", "Origin": "null"}])
@pytest.mark.parametrize("token", [None, "", "x", "ü", "A" * 22, "of another browser"])
async def test_forms_need_the_token_of_the_browser(app, client, headers, token):
    browser, sign_in, consent = await pages_of(app, client)
    other = hidden_of(await Browser(app).get(client.request()))["form_token"]

    for page, typed in ((sign_in, {"email": "a@example.com", "password": "x"}), (consent, {"decision": "allow"})):
        form = {**hidden_of(page), **typed, "form_token": other if token == "of another browser" else token}
        sent = {name: value for name, value in form.items() if value is not None}
        answer = await browser.post(action_of(page), sent, headers=headers)
        assert (answer.status_code, "location" in answer.headers) == (403, False)


@pytest.mark.parametrize("headers", [{}, {"Origin": "null"}])
async def test_browsers_that_tell_no_origin_are_known_by_the_token(app, client, headers):
    browser, _, consent = await pages_of(app, client)

    answer = await browser.post(action_of(consent), {**hidden_of(consent), "decision": "allow"}, headers=headers)

    assert (answer.status_code, answer.headers["location"].startswith("https://app.example.com/")) == (303, True)


async def test_no_form_is_taken_from_a_browser_that_never_saw_a_page(app, client):
    _, sign_in, _ = await pages_of(app, client)

    answer = await Browser(app).fill(sign_in, email="a@example.com", password="x")

    assert (answer.status_code, "location" in answer.headers) == (403, False)


@pytest.mark.parametrize("errand", ["", "//evil.example.com", "https://evil.example.com", "/oauth/device", "logout"])
async def test_after_a_sign_in_only_own_pages_come(app, client, errand):
    user, browser = await app.sign_up(), Browser(app)
    page = await browser.get(client.request())

    answer = await browser.post(
        action_of(page), {**hidden_of(page), "errand": errand, "email": user.email, "password": user.password}
    )

    assert (answer.status_code, "location" in answer.headers) == (400, False)


@pytest.mark.parametrize("token", [None, "", "x", "A" * 22])
async def test_consent_needs_the_token_of_the_session(app, client, token):
    browser, _, consent = await pages_of(app, client)
    form = {**hidden_of(consent), "csrf_token": token, "decision": "allow"}

    answer = await browser.post("/oauth/consent", {name: value for name, value in form.items() if value is not None})

    assert (answer.status_code, "location" in answer.headers) == (403, False)


async def test_the_token_of_another_session_is_none(app, client):
    browser, _, consent = await pages_of(app, client)
    _, _, other = await pages_of(app, client)

    answer = await browser.post(
        "/oauth/consent", {**hidden_of(consent), "csrf_token": hidden_of(other)["csrf_token"], "decision": "allow"}
    )

    assert answer.status_code == 403


async def test_consent_of_nobody_asks_for_a_sign_in(app, client):
    browser, _, consent = await pages_of(app, client)
    del browser.cookies["oauthSession"]

    assert "Sign in" in (await browser.fill(consent, decision="allow")).text


async def test_a_form_cannot_change_what_was_asked_into_something_else(app, client):
    browser, _, consent = await pages_of(app, client)
    form = hidden_of(consent)
    form["request"] = form["request"].replace("app.example.com", "evil.example.com")

    answer = await browser.post("/oauth/consent", {**form, "decision": "allow"})

    assert (answer.status_code, "location" in answer.headers) == (400, False)


@pytest.mark.parametrize("decision", ["", "maybe", None])
async def test_no_decision_is_no_consent(app, client, decision):
    browser, _, consent = await pages_of(app, client)
    typed = {} if decision is None else {"decision": decision}

    assert (await browser.fill(consent, **typed)).status_code == 400


async def test_two_cookies_of_the_session_are_none(app, client):
    browser, _, _ = await pages_of(app, client)
    name, value = "oauthSession", browser.cookies["oauthSession"]

    answer = await app.get(client.request(), headers={"Cookie": f"{name}={value}; {name}=other"})

    assert (answer.status_code, "This did not work" in answer.text) == (403, True)


async def test_the_cookie_is_kept_from_scripts_and_opens_no_api(app, client):
    user = await app.sign_up()
    browser = Browser(app)
    page = await browser.get(client.request())
    form = {**hidden_of(page), "email": user.email, "password": user.password}
    shown = {"Cookie": f"oauthBrowser={browser.cookies['oauthBrowser']}", "Sec-Fetch-Site": "same-origin"}
    answer = await app.post("/oauth/sign-in", data=form, headers=shown)
    cookie = answer.headers["set-cookie"]
    value = cookie.partition("=")[2].partition(";")[0]

    assert cookie.startswith("oauthSession=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert (await app.post("/api/v1/auth/refresh", json={"refreshToken": value})).status_code == 401
    assert (await app.get("/api/v1/users/me", headers={"Authorization": f"Bearer {value}"})).status_code == 401
    assert (await app.get("/api/v1/users/me", headers={"Cookie": f"accessToken={value}"})).status_code == 401
