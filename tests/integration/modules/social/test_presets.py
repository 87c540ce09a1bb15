"""What the kinds of providers have of their own: GitHub, Apple, Microsoft, and demands on how fresh a sign-in is."""

import json
import time
from http.cookies import SimpleCookie

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from mainspring.core.application import create_application
from mainspring.core.module import BootRefused
from mainspring.core.settings.problems import SettingsRefused
from mainspring.modules.social.browser_cookies import BrowserCookies
from mainspring.modules.social.ports import Providers
from mainspring.testing.databases import settings_for

from .browser import SOCIAL, Browser
from .conftest import CLIENT
from .oidc_server import CLIENT_ID, apples_key, query_of

TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"
PERSONAL = "9188040d-6c67-4c5b-b112-36a304b66dad"
KEY = apples_key()


@pytest.fixture
def providers(server):
    return {
        "github": {**CLIENT, "issuer": server.issuer, "api_url": f"{server.issuer}/api"},
        "apple": {"client_id": CLIENT_ID, "team_id": "T", "key_id": "K", "private_key": KEY, "issuer": server.issuer},
        "microsoft": {**CLIENT, "issuer": f"{server.issuer}/{{tenantid}}/v2.0"},
        "strict": {**CLIENT, "issuer": server.issuer, "max_age": 300, "acr_values": ["urn:two-factors"]},
        "public": {"client_id": CLIENT_ID, "issuer": server.issuer},
    }


def primary(address, **changes):
    return {"email": address, "primary": True, "verified": True, **changes}


async def test_github_tells_by_two_calls_who_it_is(app, server):
    server.emails = [primary("old@example.com", primary=False), primary("ada@example.com")]
    browser = Browser(app, server, provider="github")

    asked = query_of(await browser.begin())
    body = await browser.sign_in()

    assert (asked["scope"], asked["code_challenge_method"]) == ("read:user user:email", "S256")
    assert body["user"]["email"] == "ada@example.com"
    [link] = (await app.get(f"{SOCIAL}/links", headers={"Authorization": f"Bearer {body['accessToken']}"})).json()["data"]
    assert (link["provider"], link["issuer"]) == ("github", server.issuer)


async def test_githubs_unproved_or_further_addresses_open_nothing(app, server):
    browser = Browser(app, server, provider="github")
    for emails in ([primary("a@example.com", verified=False)], [primary("a@example.com", primary=False)], [], {}, None, [1]):
        server.emails = emails
        assert await browser.error() == "social.address_unproved", emails


async def test_github_says_no_with_a_good_status(app, server):
    server.token_answer = (200, {"error": "bad_verification_code"})

    assert await Browser(app, server, provider="github").error() == "social.refused"


async def test_apple_posts_a_form_and_gets_a_secret_of_the_moment(app, server):
    server.answers_with_issuer = False
    server.person = {"sub": "000123.abc", "email": "ada@privaterelay.example.com", "email_verified": "true"}
    browser = Browser(app, server, provider="apple")

    asked = query_of(address := await browser.begin(transport="cookie"))
    cookie = browser.set["socialPostedSignIn"]
    form = {**server.agree(address), "user": json.dumps({"name": {"firstName": "Ada", "lastName": "King"}})}
    back = await browser.send("POST", f"{SOCIAL}/apple/callback", data=form, headers={"Origin": "https://appleid.apple.com"})

    assert (asked["response_mode"], asked["scope"]) == ("form_post", "openid email name")
    assert (cookie["samesite"], cookie["secure"], cookie["httponly"]) == ("None", True, True)
    assert (back.status_code, back.headers["location"]) == (302, "http://localhost:8000/")
    me = (await browser.send("GET", "/api/v1/users/me")).json()
    assert (me["email"], me["name"]) == ("ada@privaterelay.example.com", "Ada King")
    claims = jwt.decode(server.form["client_secret"], ECKey.import_key(KEY), algorithms=["ES256"]).claims
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("T", CLIENT_ID, server.issuer)
    assert time.time() < claims["exp"] <= time.time() + 301


async def test_each_way_back_is_its_own(app, server):
    apple, strict = Browser(app, server, provider="apple"), Browser(app, server, provider="public")
    by_address = await apple.come_back(server.agree(await apple.begin()))
    form = server.agree(await strict.begin())
    by_form = await strict.send("POST", f"{SOCIAL}/public/callback", data=form)
    twice = await apple.send("POST", f"{SOCIAL}/apple/callback", content=b"state=a&state=b", headers=FORM)
    as_json = await apple.send("POST", f"{SOCIAL}/apple/callback", json=form)

    codes = {answer.json()["error"]["code"] for answer in (by_address, by_form, twice, as_json)}
    assert codes == {"social.attempt_invalid"}


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def test_microsoft_speaks_for_many_tenants_each_an_issuer_of_its_own(app, server):
    server.metadata_changes = {
        "issuer": f"{server.issuer}/{{tenantid}}/v2.0",
        "authorization_response_iss_parameter_supported": False,
    }
    server.answers_with_issuer = False
    browser = Browser(app, server, provider="microsoft")
    server.claims = {"iss": f"{server.issuer}/{TENANT}/v2.0", "tid": TENANT, "email_verified": None, "xms_edov": True}

    first = await browser.sign_in()
    server.claims |= {"iss": f"{server.issuer}/{PERSONAL}/v2.0", "tid": PERSONAL, "xms_edov": None}
    server.claims["email"] = "other@example.com"
    personal = await browser.sign_in()

    assert first["user"]["id"] != personal["user"]["id"]
    for wrong in ({"tid": TENANT}, {"tid": "../evil"}, {"tid": None}, {"iss": f"{server.issuer}/{{tenantid}}/v2.0", "tid": None}):
        server.claims = {**server.claims, **wrong}
        assert await browser.error() == "social.refused", wrong


async def test_an_address_that_anybodys_tenant_may_claim_opens_nothing(app, server):
    """Whoever runs a tenant writes any address into its accounts ("nOAuth")."""
    server.metadata_changes = {"issuer": f"{server.issuer}/{{tenantid}}/v2.0"}
    server.claims = {"iss": f"{server.issuer}/{TENANT}/v2.0", "tid": TENANT, "email_verified": None}
    server.answers_with_issuer = False

    assert await Browser(app, server, provider="microsoft").error() == "social.address_unproved"


async def test_a_sign_in_must_be_as_fresh_and_strong_as_was_demanded(app, server):
    # ASVS 6.8.4
    browser = Browser(app, server, provider="strict")
    asked = query_of(await browser.begin())
    assert (asked["max_age"], asked["acr_values"]) == ("300", "urn:two-factors")
    good = {"acr": "urn:two-factors"}
    for claims in ({}, {"acr": "0"}, {**good, "auth_time": int(time.time()) - 1000}, {**good, "auth_time": None}):
        server.claims = claims
        assert await browser.error() == "social.not_fresh", claims

    server.claims = good
    assert (await browser.sign_in())["user"]["email"] == "ada@example.com"


async def test_a_client_without_a_secret_sends_its_name_and_the_verifier(app, server):
    browser = Browser(app, server, provider="public")
    await browser.error()

    assert server.form["client_id"] == CLIENT_ID
    assert "client_secret" not in server.form
    assert len(server.form["code_verifier"]) == 43


HALVES = {
    '{"google": {"client_id": "a"}}': "SOCIAL__PROVIDERS names google without client_secret.",
    '{"apple": {"client_id": "a", "team_id": "b"}}': "SOCIAL__PROVIDERS names apple without key_id and private_key.",
    '{"mine": {"client_id": "a"}}': "SOCIAL__PROVIDERS names mine without issuer.",
    '{"mine": {"client_id": "a", "issuer": "id.example.com"}}': "is no https:// address.",
    '{"mine": {"client_id": "a", "isuer": "https://id.example.com"}}': "SOCIAL__PROVIDERS describes mine with a isuer",
    '{"Mine!": {}}': "names a provider with other characters than a-z, 0-9 and -.",
    '{"mine": "a"}': "SOCIAL__PROVIDERS must describe mine by an object.",
    '{"firebase": {"client_id": "a"}}': "name it in SOCIAL__TRUSTED_ISSUERS.",
    '{"github": {"client_id": "a", "client_secret": "b", "max_age": 1}}': "which GitHub does not know.",
    '{"microsoft": {"client_id": "a", "client_secret": "b", "tenant": "../x"}}': "with a tenant that is not accepted.",
    "[]": "SOCIAL__PROVIDERS must be a JSON object",
    "{": "SOCIAL__PROVIDERS is no JSON.",
}


def test_what_is_half_set_up_stops_the_boot_with_one_sentence(tmp_path):
    for given, sentence in HALVES.items():
        with pytest.raises(SettingsRefused) as refused:
            settings_for(f"sqlite:///{tmp_path}/none.db", tmp_path, {"SOCIAL__PROVIDERS": given})
        assert len(refused.value.problems) == 1, given
        assert sentence in refused.value.problems[0]


BOOTS = {
    "GOOGLE_CLIENT_SECRET is missing: sign-in with Google needs both.": {"GOOGLE_CLIENT_ID": "a"},
    "SOCIAL__DEFAULT_NEXT must be a path": {"SOCIAL__DEFAULT_NEXT": "//evil.example"},
    "SOCIAL__PAGES_URL must be one of ALLOWED_ORIGINS.": {"SOCIAL__PAGES_URL": "https://app.example.com"},
    "no PEM of a P-256 key": {
        "SOCIAL__PROVIDERS": json.dumps({"apple": {"client_id": "a", "team_id": "b", "key_id": "c", "private_key": "d"}})
    },
    "which must start with https:// in production": {
        "APP_ENV": "production",
        "SESSION_SECRET": "0123456789abcdef0123456789abcdefxyz",
        "ENCRYPTION_KEY": "0123456789abcdef0123456789abcdefxyz",
        "PUBLIC_URL": "https://shop.example.com",
        "PAYMENTS__GATEWAY": "none",
        "SOCIAL__PROVIDERS": json.dumps({"mine": {"client_id": "a", "issuer": "http://127.0.0.1:1"}}),
        "DB_SYNCHRONOUS": "full",
    },
}


def test_the_boot_refuses_what_is_not_safe(tmp_path):
    for sentence, given in BOOTS.items():
        application = create_application(settings_for(f"sqlite:///{tmp_path}/none.db", tmp_path, given))
        with pytest.raises(BootRefused, match=sentence.replace("(", r"\(")):
            application.resolve(Providers)


def test_google_is_set_up_by_the_names_of_other_guides(tmp_path):
    #
    given = {"GOOGLE_CLIENT_ID": "a", "GOOGLE_CLIENT_SECRET": "b"}
    application = create_application(settings_for(f"sqlite:///{tmp_path}/none.db", tmp_path, given))

    [google] = application.resolve(Providers).all()

    assert (google.name, google.label, google.issuer) == ("google", "Google", "https://accounts.google.com")


def test_secrets_are_not_shown_with_the_settings(tmp_path):
    given = {"SOCIAL__PROVIDERS": json.dumps({"mine": {**CLIENT, "issuer": "https://id.example.com"}})}
    settings = settings_for(f"sqlite:///{tmp_path}/none.db", tmp_path, given)

    [shown] = [line.value for line in settings.sources() if line.name == "SOCIAL__PROVIDERS"]

    assert "https://id.example.com" in shown
    assert CLIENT["client_secret"] not in shown


def test_in_production_the_cookies_are_such_as_no_neighbour_plants(tmp_path):
    own = {**BOOTS["which must start with https:// in production"], "SOCIAL__PROVIDERS": json.dumps(SAFE)}
    application = create_application(settings_for(f"sqlite:///{tmp_path}/none.db", tmp_path, own))

    for provider, name, same_site in (("mine", "__Host-socialSignIn", "Lax"), ("apple", "__Host-socialPostedSignIn", "None")):
        cookie = SimpleCookie(BrowserCookies.of(application, provider).keep("a" * 43).render().decode())[name]
        kept = {part: cookie[part] for part in ("secure", "httponly", "path", "domain", "samesite")}
        assert kept == {"secure": True, "httponly": True, "path": "/", "domain": "", "samesite": same_site}


SAFE = {
    "mine": {"client_id": "a", "issuer": "https://id.example.com"},
    "apple": {"client_id": CLIENT_ID, "team_id": "T", "key_id": "K", "private_key": KEY},
}
