"""A browser and a client program for the tests of the provider."""

import html
import re
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx2

from mainspring.modules.oauth.proofs import s256
from mainspring.testing.client import AppClient, SignedIn

CLIENTS = "/api/v1/oauth-clients"
CALLBACK = "https://app.example.com/callback"
HIDDEN = re.compile(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)">')
ACTION = re.compile(r'<form method="post" action="([^"]+)">')
OWN_PAGE = {"Sec-Fetch-Site": "same-origin"}


class Browser:
    """Keeps cookies, follows our own redirects, fills forms in. It stops where it would leave for the client."""

    def __init__(self, app: AppClient) -> None:
        self.app = app
        self.cookies: dict[str, str] = {}

    async def get(self, path: str, **options: Any) -> httpx2.Response:
        """Go somewhere."""
        return await self._ask("GET", path, **options)

    async def post(self, path: str, form: dict[str, str], headers: dict[str, str] | None = None) -> httpx2.Response:
        """Send a form from one of our own pages, unless the headers say otherwise."""
        return await self._ask("POST", path, data=form, headers=OWN_PAGE if headers is None else headers)

    async def fill(self, page: httpx2.Response, **typed: str) -> httpx2.Response:
        """Fill in the form of a page and send it."""
        return await self.post(action_of(page), {**hidden_of(page), **typed})

    async def sign_in(self, page: httpx2.Response, user: SignedIn) -> httpx2.Response:
        """Fill in the sign-in page."""
        assert "Sign in" in page.text, page.text
        return await self.fill(page, email=user.email, password=user.password)

    async def _ask(self, method: str, path: str, **options: Any) -> httpx2.Response:
        headers = {**options.pop("headers", {}), "Cookie": "; ".join(f"{key}={value}" for key, value in self.cookies.items())}
        answer = await self.app.request(method, path, headers=headers, **options)
        for cookie in answer.headers.get_list("set-cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        target = answer.headers.get("location", "")
        return await self.get(target) if target.startswith("/") else answer


def hidden_of(page: httpx2.Response) -> dict[str, str]:
    """The hidden fields of a page's form."""
    return {name: html.unescape(value) for name, value in HIDDEN.findall(page.text)}


def action_of(page: httpx2.Response) -> str:
    """Where the form of a page goes."""
    found = ACTION.search(page.text)
    assert found, page.text
    return found[1]


def back(answer: httpx2.Response) -> dict[str, str]:
    """What the client gets in the query of its redirect URI."""
    assert answer.status_code == 303, (answer.status_code, answer.text)
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


@dataclass
class Client:
    """A client program: it knows its secret, asks for codes and exchanges them."""

    app: AppClient
    id: str
    secret: str | None
    redirect_uri: str = CALLBACK
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    def request(self, scope: str | None = "openid own:read", **more: str | None) -> str:
        """The path of an authorization request; a parameter that is None is left out."""
        asked = {
            "client_id": self.id,
            "redirect_uri": self.redirect_uri,
            "response_type": "code",
            "scope": scope,
            "state": "a state",
            "nonce": "a nonce",
            "code_challenge": s256(self.verifier.encode()),
            "code_challenge_method": "S256",
            **more,
        }
        return f"/oauth/authorize?{urlencode({name: value for name, value in asked.items() if value is not None})}"

    async def code(
        self, user: SignedIn, scope: str = "openid own:read", browser: Browser | None = None, **more: str | None
    ) -> str:
        """A code of a user who signs in and allows what is asked."""
        browser = browser or Browser(self.app)
        page = await browser.sign_in(await browser.get(self.request(scope, **more)), user)
        answer = page if page.status_code == 303 else await browser.fill(page, decision="allow")
        return back(answer)["code"]

    async def token(self, **form: str | None) -> httpx2.Response:
        """A question to the token endpoint."""
        return await self.ask("/oauth/token", **form)

    async def exchange(self, code: str, **form: str | None) -> httpx2.Response:
        """A code turned into tokens."""
        asked = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
        }
        return await self.token(**{**asked, **form})

    async def tokens(self, user: SignedIn, scope: str = "openid own:read") -> dict[str, Any]:
        """Tokens of a user who lets the client in."""
        answer = await self.exchange(await self.code(user, scope))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def refresh(self, token: str, **form: str) -> httpx2.Response:
        """A refresh token turned into the next one."""
        return await self.token(grant_type="refresh_token", refresh_token=token, **form)

    async def ask(self, path: str, **form: str | None) -> httpx2.Response:
        """A form with the client's own proof."""
        sent = {name: value for name, value in form.items() if value is not None}
        if self.secret is not None:
            return await self.app.post(path, data=sent, auth=(self.id, self.secret))
        return await self.app.post(path, data={"client_id": self.id, **sent})


async def made(app: AppClient, manager: SignedIn, **wishes: Any) -> Client:
    """A client made over REST."""
    wish = {
        "name": "Shop on the web",
        "kind": "confidential",
        "redirectUris": [CALLBACK],
        "grants": ["authorization_code", "refresh_token"],
        "scopes": ["openid", "profile", "email", "offline_access", "own:read", "own:write", "products:read"],
        **wishes,
    }
    answer = await app.as_(manager).post(CLIENTS, json=wish)
    assert answer.status_code == 201, answer.text
    body = answer.json()
    return Client(app, body["id"], body["clientSecret"], (wish["redirectUris"] or [""])[0])


def with_token(token: str) -> dict[str, str]:
    """The headers of a call with an access token."""
    return {"Authorization": f"Bearer {token}"}


def query_of(url: str) -> dict[str, str]:
    """The parameters of an address."""
    return dict(parse_qsl(urlsplit(url).query))
