"""What every answer says to browsers and to whatever lies between (R-172 to R-175, R-332, ASVS 14.3.2)."""

import re
from html.parser import HTMLParser

import pytest

from mainspring.core.http.middleware.security_headers import HEADERS
from mainspring.core.mail import Mailbox, Message
from mainspring.core.mail.folder import MailFolder

from ..integration.modules.oauth.browser import made
from .social_doors import ENVIRONMENT

SECRET_NAME = re.compile(r"token|secret|recoverycodes|^key$|^code$|password|authorizeurl|otpauth|challenge", re.I)
NO_SECRET = {"tokenType", "token_type", "scopes", "expiresIn"}
PRIVATE_PATHS = ("/api/v1/auth/", "/oauth/")
MAY_BE_KEPT = {  # what says for itself how long it may be kept, and holds nothing about anybody
    "GET /oauth/style.css",
}
METADATA = "/.well-known/"
PAGES = ["/docs", "/mail", "/mail/{id}", "/mail/{id}/html", "/oauth/authorize", "/oauth/device"]


@pytest.fixture
def environment():
    return {**ENVIRONMENT, "OAUTH__REGISTRATION": "open"}


def names_in(document, schema, seen=()):
    """The names of all properties that an answer may have."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return set() if name in seen else names_in(document, document["components"]["schemas"][name], (*seen, name))
    found = set(schema.get("properties", {}))
    for part in (
        *schema.get("properties", {}).values(),
        *(choice for kind in ("anyOf", "oneOf", "allOf") for choice in schema.get(kind, ())),
        *([schema["items"]] if "items" in schema else ()),
    ):
        found |= names_in(document, part, seen)
    return found


def secrets_of(document, path, method):
    """The properties of the good answers of a route whose names speak of secrets."""
    answers = document["paths"].get(path, {}).get(method.lower(), {}).get("responses", {})
    schemas = [
        kind["schema"]
        for status, answer in answers.items()
        if status.startswith("2")
        for kind in answer.get("content", {}).values()
        if "schema" in kind
    ]
    names = set().union(*(names_in(document, schema) for schema in schemas))
    return {name for name in names if SECRET_NAME.search(name)} - NO_SECRET


async def test_no_answer_that_carries_a_secret_may_be_stored(app):
    document = app.program.api.openapi()
    carrying = {
        f"{method} {path}": plan
        for method, path, plan in app.program.plans
        if METADATA not in path and (path.startswith(PRIVATE_PATHS) or secrets_of(document, path, method))
    }

    assert len(carrying) > 60
    kept = {route for route, plan in carrying.items() if (plan.headers or {}).get(b"cache-control") != b"no-store"}
    assert kept == set()


async def test_no_store_arrives_whatever_is_answered(app):
    ada = await app.sign_up()
    wrong = []
    for method, path, _ in app.program.plans:
        if not path.startswith(PRIVATE_PATHS) or f"{method} {path}" in MAY_BE_KEPT:
            continue
        for client in (app, app.as_(ada)):
            answer = await client.request(method, re.sub(r"\{[^}]+\}", "0", path))
            if answer.headers.get_list("cache-control") != ["no-store"]:
                wrong.append(f"{method} {path}: {answer.status_code} {answer.headers.get_list('cache-control')}")

    assert wrong == []


async def test_a_sign_in_and_a_refresh_are_never_stored(app):
    ada = await app.sign_up()

    signed_in = await app.post("/api/v1/auth/login", json={"email": ada.email, "password": ada.password})
    refreshed = await app.post("/api/v1/auth/refresh", json={"refreshToken": signed_in.json()["refreshToken"]})
    key = await app.as_(ada).post("/api/v1/api-keys", json={"name": "Robot"})

    for answer in (signed_in, refreshed, key):
        assert answer.status_code in (200, 201)
        assert answer.headers.get_list("cache-control") == ["no-store"]


async def shown(app, path):
    """A page of ours, as a browser gets it."""
    if path == "/oauth/authorize":
        keeper = await app.sign_up()
        await app.give_role(keeper, "admin")
        path = (await made(app, keeper)).request()
    if "{id}" in path:
        message = Message(Mailbox("ada@example.com"), "Hello", "Hello.", "<html><head></head><body>Hello.</body></html>")
        await app.application.resolve(MailFolder).send(message)
        path = path.replace("{id}", str(message.id))
    answer = await app.get(path, headers={"Accept": "text/html"})
    assert answer.headers["content-type"].startswith("text/html"), answer.text
    return answer


class Active(HTMLParser):
    """Finds what would run, and what would be fetched from elsewhere."""

    def __init__(self):
        super().__init__()
        self.found, self.in_script = [], False

    def handle_starttag(self, tag, attrs):
        self.in_script = tag == "script"
        for name, value in attrs:
            if name.startswith("on") or (value or "").strip().lower().startswith(("javascript:", "data:text")):
                self.found.append((tag, name, value))
            if name in ("src", "href", "action") and tag != "a" and re.match(r"(https?:)?//", value or ""):
                self.found.append((tag, name, value))

    def handle_data(self, data):
        if self.in_script and data.strip():
            self.found.append(("script", data))


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_runs_nothing_that_its_policy_does_not_name(app, path):
    answer = await shown(app, path)
    policy = {name: values for name, *values in (part.split() for part in answer.headers["content-security-policy"].split(";"))}
    reader = Active()
    reader.feed(answer.text)

    for unsafe in ("'unsafe-inline'", "'unsafe-eval'", "*", "data:", "https:", "http:"):
        assert unsafe not in policy.get("script-src", policy["default-src"])
    assert policy.get("base-uri") in (["'none'"], ["'self'"])
    assert "frame-ancestors" in policy
    assert "form-action" in policy
    assert reader.found == []


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_carries_every_header(app, path):
    headers = (await shown(app, path)).headers

    assert [name for name in HEADERS if len(headers.get_list(name.decode())) != 1] == []
    own = {b"content-security-policy", *([b"x-frame-options"] if path.endswith("/html") else [])}
    assert {name: value for name, value in HEADERS.items() if headers[name.decode()] != value.decode()}.keys() <= own
