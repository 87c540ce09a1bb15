"""A run through every way to sign in, and no secret in a log line, on standard output, in figures, traces or refusals (R-183)."""

import json
import re
from http.cookies import SimpleCookie
from urllib.parse import parse_qsl, urlsplit

import orjson
import pytest

from mainspring.core.observability.logs import captured_logs
from mainspring.core.observability.tracing import TRACING

from ..integration.adapters.collector import collecting
from ..integration.modules.auth.authenticator_app import with_totp
from ..integration.modules.auth.mailbox import Mailbox
from ..integration.modules.oauth.browser import made
from ..integration.modules.social.browser import Browser
from ..integration.modules.social.oidc_server import CLIENT_ID, CLIENT_SECRET, OidcServer

AUTH = "/api/v1/auth"
SHORTEST = 12  # shorter texts, such as codes of six digits, stand anywhere by chance
SECRET = re.compile(
    r"token|secret|passw|verifier|recoverycodes|cookie|^(code|key|assertion|state|nonce|refresh|device|otpauth.*)$", re.I
)
WORDS = re.compile(r"[a-z]+([._-][a-z]+)*|https?://\S*|[A-Z][a-z]+|[A-Z_]+", re.A)
PASSWORD, NEXT_PASSWORD = "canary battery 9482 horse", "canary staple 5527 quartz"


@pytest.fixture
async def server():
    async with OidcServer() as server:
        yield server


@pytest.fixture
def collector():
    with collecting() as collector:
        yield collector


@pytest.fixture
def environment(server, collector):
    provider = {"issuer": server.issuer, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    traced = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint}
    return {"SOCIAL__PROVIDERS": json.dumps({"acme": provider}), "RATE_LIMITS": "off", "LOG_LEVEL": "debug", **traced}


class Secrets:
    """Notes every secret that goes in or comes out, and refusals that say one again."""

    def __init__(self):
        self.found, self.told_again = set(), []

    async def note(self, answer):
        """Look at an answer and at its request."""
        await answer.aread()
        request = answer.request
        sent = set(self.texts(read(request.content))) | set(self.texts(dict(request.url.params)))
        for name in ("authorization", "x-api-key", "x-csrf-token"):
            sent |= {request.headers[name].rpartition(" ")[2]} if name in request.headers else set()
        sent |= {morsel.value for morsel in SimpleCookie(request.headers.get("cookie", "")).values()}
        given = set(self.texts(read(answer.content))) | set(
            self.texts(dict(parse_qsl(urlsplit(answer.headers.get("location", "")).query)))
        )
        given |= {morsel.value for line in answer.headers.get_list("set-cookie") for morsel in SimpleCookie(line).values()}
        self.found |= {
            text for text in sent | given if len(text) >= SHORTEST and (text.startswith("canary") or not WORDS.fullmatch(text))
        }
        if answer.status_code >= 400:
            self.told_again += [text for text in sent if len(text) >= SHORTEST and text in answer.text and text in self.found]

    def texts(self, value, name=""):
        """The texts behind names that speak of secrets."""
        if isinstance(value, dict):
            for key, inner in value.items():
                yield from self.texts(inner, key)
        elif isinstance(value, list):
            for inner in value:
                yield from self.texts(inner, name)
        elif isinstance(value, str) and SECRET.search(name):
            yield value


def read(content):
    """A body as JSON or as a form; what is neither holds no names."""
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return dict(parse_qsl(content.decode("utf-8", "replace")))


async def sign_in_by_password(app):
    ada = await app.sign_up(password=PASSWORD)
    for password in (PASSWORD, "canary wrong 7712 guess"):
        answer = await app.post(f"{AUTH}/login", json={"email": ada.email, "password": password})
    assert answer.status_code == 401
    first = await app.post(f"{AUTH}/login", json={"email": ada.email, "password": PASSWORD})
    await app.post(f"{AUTH}/refresh", json={"refreshToken": first.json()["refreshToken"]})
    await app.post(f"{AUTH}/refresh", json={"refreshToken": "canary-made-up-refresh-token"})
    await app.post(f"{AUTH}/login", json={"email": ada.email, "password": PASSWORD, "transport": "cookie"})
    await app.post(f"{AUTH}/register", json={"email": "no address", "password": PASSWORD, "name": "7"})
    await app.post(
        f"{AUTH}/login", content=f'{{"password": "{PASSWORD}", '.encode(), headers={"Content-Type": "application/json"}
    )
    await app.get("/api/v1/users/me", headers={"Authorization": "Bearer canary.made-up.access-token"})
    return ada


async def sign_in_by_mail(app, ada):
    for path, purpose in (("forgot-password", "reset-password"), ("magic-link", "magic-link")):
        await app.post(f"{AUTH}/{path}", json={"email": ada.email})
        token = await Mailbox(app, ada.email).secret(purpose)
        if purpose == "magic-link":
            assert (await app.post(f"{AUTH}/magic-link/verify", json={"token": token})).status_code == 200
        else:
            body = {"token": token, "newPassword": NEXT_PASSWORD}
            assert (await app.post(f"{AUTH}/reset-password", json=body)).status_code == 204
        await app.get(f"/{purpose}?token={token}")  # as somebody opens it who has no pages


async def use_keys(app, ada):
    key = (await app.as_(ada).post("/api/v1/api-keys", json={"name": "Robot"})).json()["key"]
    assert (await app.get("/api/v1/users/me", headers={"X-API-Key": key})).status_code == 403  # known, and without a right
    assert (await app.get("/api/v1/users/me", headers={"X-API-Key": key[:-3] + "abc"})).status_code == 401


async def use_oauth(app, ada, admin):
    client = await made(app, admin)
    tokens = await client.tokens(ada, "openid own:read offline_access")
    await client.refresh(tokens["refresh_token"])
    await client.ask("/oauth/introspect", token=tokens["access_token"])
    await client.exchange("canary-made-up-authorization-code")
    client.secret = "canary-wrong-client-secret"
    await client.refresh(tokens["refresh_token"])


async def test_no_secret_reaches_a_line_a_figure_or_a_refusal(app, server, collector, capfd):
    secrets = Secrets()
    app.http.event_hooks["response"].append(secrets.note)

    with captured_logs() as lines:
        admin = await app.sign_up()
        await app.give_role(admin, "admin")
        ada = await sign_in_by_password(app)
        await use_keys(app, ada)
        await use_oauth(app, ada, admin)
        await with_totp(app, await app.sign_up())
        await Browser(app, server).sign_in()
        await Browser(app, server).come_back({"state": "canary-made-up-state-of-nobody", "code": "canary-code-of-a-provider"})
        await sign_in_by_mail(app, ada)
        figures = (await app.get("/metrics")).text
    app.http.event_hooks["response"].remove(secrets.note)
    TRACING.tracer.close(10)
    traces = repr(collector.spans)
    told = {"traces": traces, "lines": repr(lines), "output": "".join(capfd.readouterr()), "figures": figures}

    assert {PASSWORD, NEXT_PASSWORD, "canary wrong 7712 guess", "canary.made-up.access-token"} <= secrets.found
    assert len(secrets.found) > 40
    assert len(lines) > 20
    assert len(collector.spans) > 200
    assert {(where, text) for where, whole in told.items() for text in secrets.found | {CLIENT_SECRET} if text in whole} == set()
    assert secrets.told_again == []
