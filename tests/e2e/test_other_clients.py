"""What others wrote works with a running server: a browser, and clients of npm packages."""

import pytest

from mainspring.testing.client import PASSWORD

from .chromium import started_browser


@pytest.mark.slow
async def test_the_page_of_the_api_opens_in_a_browser(server, browser_page):
    running = server()

    answer = await browser_page.goto(f"{running.url}/docs")

    assert answer.status == 200
    await browser_page.get_by_text("/ready").first.wait_for()
    await browser_page.get_by_placeholder("Filter").fill("/auth/login")  # what is far down is not drawn before one comes there
    await browser_page.get_by_text("/api/v1/auth/login").first.wait_for()


@pytest.mark.slow
async def test_an_npm_client_checks_our_tokens_with_the_published_keys(server, node):
    running = server(env={"JWT_ISSUER": "https://shop.example", "JWT_AUDIENCE": "shop"})
    async with running.client() as client:
        who = {"email": "ada@example.com", "password": PASSWORD, "name": "Ada"}
        user = (await client.post("/api/v1/auth/register", json=who)).raise_for_status().json()
        login = await client.post("/api/v1/auth/login", json={"email": who["email"], "password": PASSWORD})
        keys = (await client.get("/.well-known/jwks.json")).json()["keys"]
    token = login.json()["accessToken"]

    said = node.run("verify_token.mjs", "https://shop.example", "shop", f"{running.url}/.well-known/jwks.json", token)

    assert said == {"subject": user["id"], "keyId": keys[0]["kid"], "algorithm": "RS256"}


@pytest.mark.slow
async def test_an_error_that_a_page_does_not_catch_fails_the_test(chromium):
    with pytest.raises(AssertionError, match="nobody knows this"):
        async with started_browser(chromium) as browser:
            page = await browser.new_page()
            async with browser.expect_event("weberror"):
                await page.evaluate("() => void setTimeout(() => { throw new Error('nobody knows this') })")
