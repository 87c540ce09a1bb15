"""Many tries at once with one secret, over HTTP, at a running server: what a row of the table needs, and how it is judged."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pyotp

from mainspring.core import clock
from mainspring.testing.client import PASSWORD
from tests.integration.modules.oauth.browser import CALLBACK, Client
from tests.integration.modules.social.oidc_server import OidcServer
from tests.integration.races import assert_won_once

AUTH = "/api/v1/auth"
AT_ONCE = 50
MAIL_SECONDS = 30.0
LINK = re.compile(r"/([a-z-]+)#token=([0-9a-f]{64})\s")
# every try is judged, so that the claim decides and not a limit; without grace a refresh token is good once
ENVIRONMENT = {
    "RATE_LIMITS": "off",
    "MFA__GUESSES_PER_HOUR": "1000",
    "REFRESH_GRACE": "0s",
    "OAUTH__REGISTRATION": "open",
    "ORGANIZATIONS__INVITATIONS_PER_DAY": "1000",
}


@dataclass(frozen=True, slots=True)
class Try:
    """One request of many; without a body a GET."""

    path: str
    body: dict[str, Any] | None
    headers: dict[str, str] = field(default_factory=dict)
    is_form: bool = False

    def sent(self, client: httpx2.AsyncClient) -> Awaitable[httpx2.Response]:
        """Its answer."""
        body: dict[str, Any] = {"data": self.body} if self.is_form else {"json": self.body}
        method, content = ("GET", {}) if self.body is None else ("POST", body)
        return client.request(method, self.path, headers=self.headers, **content)


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of secret: how tries with one of a fresh account come to be, and what they answer."""

    tries: Callable[["World"], Awaitable[list[Try]]]
    won: int
    refused: int


@dataclass(slots=True)
class Account:
    """A fresh account, signed in."""

    email: str
    access_token: str
    refresh_token: str
    password: str = PASSWORD

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.access_token}"}


class Pages:
    """The server as browsers see it that keep their cookies themselves."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self.http = client

    async def request(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """One request; `options` are those of httpx2."""
        answer = await self.http.request(method, path, **options)
        self.http.cookies.clear()
        return answer

    async def post(self, path: str, **options: Any) -> httpx2.Response:
        """POST."""
        return await self.request("POST", path, **options)


class World:
    """The running server, the mails that it wrote, and accounts that nobody used before."""

    def __init__(self, client: httpx2.AsyncClient, folder: Path, provider: OidcServer) -> None:
        self.client, self.pages, self.provider = client, Pages(client), provider
        self.mails = folder / "data" / "mail"
        self.origin = f"http://localhost:{urlsplit(str(client.base_url)).port}"
        self._count = 0
        self._read: set[str] = set()
        self._secrets: dict[tuple[str, str], str] = {}

    async def ask(self, path: str, body: dict[str, Any], headers: dict[str, str] | None = None) -> dict[str, Any]:
        """What one request answers; a server that is busy is asked again."""
        for _ in range(10):
            answer = await self.client.post(path, json=body, headers=headers or {})
            if answer.status_code != 503:
                break
            await asyncio.sleep(0.2)
        answer.raise_for_status()
        return answer.json() if answer.content else {}

    async def account(self) -> Account:
        """Somebody new."""
        self._count += 1
        email = f"ada{self._count}@example.com"
        await self.ask(f"{AUTH}/register", {"email": email, "password": PASSWORD, "name": "Ada Lovelace"})
        entered = await self.ask(f"{AUTH}/login", {"email": email, "password": PASSWORD})
        return Account(email, entered["accessToken"], entered["refreshToken"])

    async def mailed(self, email: str, purpose: str) -> str:
        """The secret of the link for that purpose, once its mail is there."""
        ends = time.monotonic() + MAIL_SECONDS
        while (email, purpose) not in self._secrets:
            assert time.monotonic() < ends, f"no {purpose} for {email} within {MAIL_SECONDS:.0f} s"
            self._look()
            await asyncio.sleep(0.02)
        return self._secrets.pop((email, purpose))

    async def totp(self, account: Account) -> tuple[pyotp.TOTP, list[str]]:
        """An authenticator app that was confirmed with the code of now, and the recovery codes."""
        enrolled = await self.ask(f"{AUTH}/mfa/totp/enroll", {}, account.headers)
        app = pyotp.TOTP(enrolled["secret"])
        answer = await self.ask(f"{AUTH}/mfa/totp/activate", {"code": app.at(clock.now())}, account.headers)
        return app, answer["recoveryCodes"]

    async def waiting(self, account: Account, count: int) -> list[str]:
        """The tokens of sign-ins that wait for the second factor."""
        wish = {"email": account.email, "password": PASSWORD}
        return [answer["mfaToken"] for answer in [await self.ask(f"{AUTH}/login", wish) for _ in range(count)]]

    async def oauth_client(self, *grants: str) -> Client:
        """A public client program that registered itself for these grants."""
        redirects = [CALLBACK] if "authorization_code" in grants else []  # devices are sent nowhere
        metadata = {"redirect_uris": redirects, "grant_types": [*grants], "token_endpoint_auth_method": "none"}
        registered = await self.ask("/oauth/register", metadata)
        return Client(self.pages, registered["client_id"], None)

    def _look(self) -> None:
        for path in self.mails.glob("*.eml"):
            if path.name not in self._read:
                self._read.add(path.name)
                mail = message_from_bytes(path.read_bytes(), policy=default)
                text = mail.get_body(("plain",))
                if text is not None and (link := LINK.search(text.get_content())):
                    self._secrets[(mail["To"].addresses[0].addr_spec, link[1])] = link[2]


async def race(world: World, row: Row, rounds: int) -> Counter[int]:
    """As many rounds, each with a fresh account: one try wins, the others are refused. Raises AssertionError; the statuses."""
    every: Counter[int] = Counter()
    for _ in range(rounds):
        tries = await row.tries(world)
        assert len(tries) == AT_ONCE
        statuses = [answer.status_code for answer in await asyncio.gather(*(one.sent(world.client) for one in tries))]
        world.client.cookies.clear()
        assert_won_once(statuses, row.won, row.refused)
        every.update(statuses)
    return every
