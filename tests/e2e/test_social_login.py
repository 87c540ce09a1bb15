"""Signing in at npm's oidc-provider, a provider that others wrote, into two processes (R-094, R-098)."""

import json
import re
import subprocess
from contextlib import contextmanager
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx2
import pytest

SOCIAL = "/api/v1/auth/social"
CLIENT = ("mainspring", "a secret of tests + with signs")
FORM = re.compile(r'action="([^"]+)"')
HIDDEN = re.compile(r'type="hidden" name="([^"]+)" value="([^"]*)"')
MOST_PAGES = 12


@contextmanager
def started_provider(node):
    """Its issuer; it ends with the block."""
    command = ["node", str(node.folder / "provider.mjs"), *CLIENT, f"http://localhost{SOCIAL}/acme/callback"]
    process = subprocess.Popen(
        command, cwd=node.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        yield json.loads(process.stdout.readline())["issuer"]
    finally:
        process.communicate(timeout=30)


@pytest.fixture
def issuer(node):
    with started_provider(node) as issuer:
        yield issuer


@pytest.fixture
def environment(issuer):
    provider = {"client_id": CLIENT[0], "client_secret": CLIENT[1], "issuer": issuer}
    return {"SOCIAL__PROVIDERS": json.dumps({"acme": provider})}


async def walk(client, address, login):
    """Follow redirects and fill in the provider's pages as a person does, up to the page of ours that all leads to."""
    answer = await client.get(address)
    for _ in range(MOST_PAGES):
        if answer.is_redirect:
            address = urljoin(str(answer.url), answer.headers["location"])
            if urlsplit(address).path == "/welcome":
                return dict(parse_qsl(urlsplit(address).query))
            answer = await client.get(address)
        else:
            assert answer.status_code == 200, answer.text
            fields = {**dict(HIDDEN.findall(answer.text)), "login": login, "password": "any"}
            answer = await client.post(FORM.search(answer.text)[1], data=fields)
    raise AssertionError(f"still on the way at {answer.url}")


@pytest.mark.slow
async def test_a_program_follows_the_pages_and_signs_in(server, issuer):
    url = server(workers=2).url.replace("127.0.0.1", "localhost")
    async with httpx2.AsyncClient(timeout=30) as client:
        found = await walk(client, f"{url}{SOCIAL}/acme/authorize?next=/welcome", "ada")
        body = {"code": found["code"]}
        first = await client.post(f"{url}{SOCIAL}/exchange", json=body)
        second = await client.post(f"{url}{SOCIAL}/exchange", json=body)
    async with httpx2.AsyncClient(timeout=30) as client:
        refused = await walk(client, f"{url}{SOCIAL}/acme/authorize?next=/welcome", "mallory")

    assert (first.status_code, second.status_code) == (200, 401)
    user = first.json()["user"]
    assert (user["email"], user["name"], user["emailVerified"]) == ("ada@example.com", "Ada Lovelace", True)
    assert refused == {"error": "social.address_unproved"}


@pytest.mark.slow
async def test_a_person_signs_in_with_a_browser(server, issuer, browser_page):
    url = server(workers=2).url.replace("127.0.0.1", "localhost")
    await browser_page.route("https://**", lambda route: route.abort())  # the provider's pages ask for a font from elsewhere

    await browser_page.goto(f"{url}{SOCIAL}/acme/authorize?transport=cookie&next=/api/v1/users/me")
    await browser_page.fill("input[name=login]", "ada")
    await browser_page.fill("input[name=password]", "any")
    await browser_page.get_by_role("button", name="Sign-in").click()
    await browser_page.get_by_role("button", name="Continue").click()
    await browser_page.wait_for_url(f"{url}/api/v1/users/me")

    assert json.loads(await browser_page.inner_text("body"))["email"] == "ada@example.com"
    cookies = {cookie["name"]: cookie for cookie in await browser_page.context.cookies(url)}
    assert cookies["accessToken"]["httpOnly"]
    assert await browser_page.evaluate("document.cookie") == ""
