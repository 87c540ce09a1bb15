"""Answers of a provider, or of somebody who plays one, that prove nothing (ASVS 6.8, 9.1, 9.2, 10.5)."""

import time

import pytest
from joserfc.jwk import RSAKey

from mainspring.core.observability.logs import captured_logs

from .browser import Browser
from .oidc_server import CLIENT_ID, redirect, signed, signed_with_the_public_key, unsigned
from .stored import rows_of

FOREIGN = RSAKey.generate_key(2048)
NOW = int(time.time())

WRONG_CLAIMS = {
    "another issuer": {"iss": "https://evil.example"},
    "the issuer with a slash": {"iss": "SLASH"},
    "no issuer": {"iss": None},
    "another audience": {"aud": "somebody-else"},
    "no audience": {"aud": None},
    "an audience inside a longer one": {"aud": f"{CLIENT_ID}-2"},
    "two audiences and no azp": {"aud": [CLIENT_ID, "somebody-else"]},
    "two audiences and another azp": {"aud": [CLIENT_ID, "somebody-else"], "azp": "somebody-else"},
    "another azp": {"azp": "somebody-else"},
    "expired": {"exp": NOW - 3600},
    "no end": {"exp": None},
    "an end as text": {"exp": str(NOW + 300)},
    "an end that is true": {"exp": True},
    "issued in the future": {"iat": NOW + 3600},
    "issued before the question": {"iat": NOW - 3600},
    "no time": {"iat": None},
    "not valid yet": {"nbf": NOW + 3600},
    "another nonce": {"nonce": "n" * 43},
    "no nonce": {"nonce": None},
    "a nonce that is a list": {"nonce": ["n"]},
    "another access token": {"at_hash": "A" * 22},
    "no subject": {"sub": None},
    "an empty subject": {"sub": ""},
    "a subject that is a number": {"sub": 1},
    "a long subject": {"sub": "s" * 256},
}


async def test_an_id_token_with_wrong_claims_proves_nothing(app, browser, server):
    outcomes = {}
    for case, claims in WRONG_CLAIMS.items():
        server.claims = {name: f"{server.issuer}/" if value == "SLASH" else value for name, value in claims.items()}
        outcomes[case] = await browser.error()

    assert outcomes == dict.fromkeys(WRONG_CLAIMS, "social.refused")
    assert await rows_of(app, "social_links") == []


WRONG_SIGNATURES = {
    "no signature": lambda server: lambda header, claims: unsigned({**header, "alg": "none"}, claims),
    "no signature in capitals": lambda server: lambda header, claims: unsigned({**header, "alg": "NONE"}, claims),
    "HS256 over the public key": signed_with_the_public_key,
    "a foreign key under our name": lambda server: lambda header, claims: signed(header, claims, FOREIGN),
    "a foreign key under its own name": lambda server: lambda header, claims: signed({**header, "kid": "x"}, claims, FOREIGN),
    "a key in the token itself": lambda server: (
        lambda header, claims: signed({**header, "kid": "x", "jwk": FOREIGN.as_dict(private=False)}, claims, FOREIGN)
    ),
    "a critical header": lambda server: (
        lambda header, claims: unsigned({**header, "crit": ["b64"], "b64": False}, claims).rstrip(".") + ".AAAA"
    ),
    "an access token": lambda server: (
        lambda header, claims: signed({**header, "typ": "at+jwt"}, claims, server.keys[server.signing])
    ),
    "a logout token": lambda server: (
        lambda header, claims: signed({**header, "typ": "logout+jwt"}, claims, server.keys[server.signing])
    ),
    "no token": lambda server: lambda header, claims: None,
    "a list": lambda server: lambda header, claims: [],
    "text": lambda server: lambda header, claims: "a.b.c",
    "a long text": lambda server: lambda header, claims: "a" * 20_000 + ".b.c",
}


async def test_an_id_token_without_a_good_signature_proves_nothing(app, browser, server):
    outcomes = {}
    for case, sign in WRONG_SIGNATURES.items():
        server.sign = sign(server)
        outcomes[case] = await browser.error()

    assert outcomes == dict.fromkeys(WRONG_SIGNATURES, "social.refused")
    assert await rows_of(app, "social_links") == []


async def test_a_good_audience_list_with_our_azp_is_accepted(browser, server):
    server.claims = {"aud": [CLIENT_ID, "somebody-else"], "azp": CLIENT_ID}

    assert (await browser.sign_in())["user"]["email"] == "ada@example.com"


async def test_userinfo_must_be_about_the_same_person(browser, server):
    server.in_userinfo = ("email", "email_verified")
    assert (await browser.sign_in())["user"]["email"] == "ada@example.com"
    server.userinfo = {"sub": "somebody-else"}

    assert await browser.error() == "social.refused"


async def test_the_answer_must_name_its_issuer_where_the_provider_says_it_does(browser, server):
    # RFC 9207
    assert await browser.error(iss=None) == "social.refused"
    assert await browser.error(iss="https://evil.example") == "social.refused"


async def test_a_provider_that_names_no_issuer_is_believed_by_its_address(browser, server):
    server.answers_with_issuer = False

    assert (await browser.sign_in())["user"]["email"] == "ada@example.com"
    assert await browser.error(iss="https://evil.example") == "social.refused"


async def test_a_used_code_of_the_provider_proves_nothing(browser, server):
    address = await browser.begin()
    brought = server.agree(address)
    await browser.come_back(brought)
    again = server.agree(await browser.begin())

    found = await browser.come_back({**again, "code": brought["code"]})

    assert found.headers["location"].endswith("?error=social.refused")


async def test_a_code_that_began_with_another_challenge_is_refused_by_the_provider(browser, server):
    # injecting somebody else's code (RFC 9700 4.5): the verifier does not fit
    other = server.agree(await Browser(browser.app, server).begin())
    mine = server.agree(await browser.begin())

    found = await browser.come_back({**mine, "code": other["code"]})

    assert found.headers["location"].endswith("?error=social.refused")


async def test_an_error_of_the_provider_is_told_in_our_words(browser, server):
    for error, code in [("access_denied", "declined"), ("server_error", "refused"), ("<script>", "refused"), (None, "refused")]:
        state = server.agree(await browser.begin())["state"]

        answer = await browser.come_back({"state": state, **({"error": error} if error else {})})

        assert answer.headers["location"] == f"http://localhost:8000/?error=social.{code}"


TOKEN_ANSWERS = {
    "a refusal": ((400, {"error": "invalid_grant"}), "social.refused"),
    "a refusal without JSON": ((401, "nonsense"), "social.refused"),
    "another kind of token": ((200, {"access_token": "a", "token_type": "mac", "id_token": "a.b.c"}), "social.refused"),
    "no access token": ((200, {"token_type": "Bearer", "id_token": "a.b.c"}), "social.refused"),
    "a list": ((200, []), "social.provider_unavailable"),
    "a server error": ((500, {}), "social.provider_unavailable"),
    "too many requests": ((429, {}), "social.provider_unavailable"),
    "an informal success": ((204, {}), "social.provider_unavailable"),
}


async def test_odd_answers_of_the_token_endpoint(browser, server):
    outcomes = {}
    for case, (answer, _) in TOKEN_ANSWERS.items():
        server.token_answer = answer
        outcomes[case] = await browser.error()

    assert outcomes == {case: code for case, (_, code) in TOKEN_ANSWERS.items()}


BIG = b'{"a": "' + b"a" * 300_000 + b'"}'
ODD_REPLIES = {
    "too long": (200, {}, BIG),
    "no JSON": (200, {}, b"<html>"),
    "doubled members": (200, {}, b'{"issuer": "a", "issuer": "b"}'),
    "a redirect to another host": redirect("https://evil.example/"),
    "a redirect to itself": redirect("/elsewhere"),
    "a server error": (503, {}, b"{}"),
}


@pytest.mark.parametrize("path", ["/token", "/jwks", "/userinfo"])
async def test_a_provider_that_answers_nonsense_is_unavailable(browser, server, path):
    server.in_userinfo = ("email", "email_verified")
    for case, reply in ODD_REPLIES.items():
        server.replies[path] = reply
        assert await browser.error() == "social.provider_unavailable", case

    assert not any(path.startswith("/elsewhere") for path in server.asked)


async def refused_at_the_start(browser):
    answer = await browser.send("GET", "/api/v1/auth/social/acme/authorize")
    assert not browser.set
    return answer.status_code, answer.json()["error"]["code"]


async def test_a_document_that_is_nonsense_is_no_document(browser, server):
    for case, reply in ODD_REPLIES.items():
        server.replies["/.well-known/openid-configuration"] = reply
        assert await refused_at_the_start(browser) == (503, "social.provider_unavailable"), case


METADATA = {
    "another issuer": {"issuer": "https://evil.example"},
    "no token endpoint": {"token_endpoint": None},
    "a token endpoint elsewhere": {"token_endpoint": "https://evil.example/token"},
    "a token endpoint on another port": {"token_endpoint": "http://127.0.0.1:1/token"},
    "keys elsewhere": {"jwks_uri": "https://evil.example/jwks"},
    "keys in a file": {"jwks_uri": "file:///etc/passwd"},
    "a page elsewhere": {"authorization_endpoint": "https://evil.example/authorize"},
    "a script as its page": {"authorization_endpoint": "javascript:alert(1)"},
    "userinfo at the metadata of the cloud": {"userinfo_endpoint": "http://169.254.169.254/latest"},
    "no S256": {"code_challenge_methods_supported": ["plain"]},
}


async def test_a_document_that_leads_elsewhere_is_not_followed(browser, server):
    # ASVS 1.3.6
    for case, changes in METADATA.items():
        server.metadata_changes = changes
        assert await refused_at_the_start(browser) == (503, "social.provider_unavailable"), case

    server.metadata_changes = {}
    assert await browser.begin()


@pytest.mark.parametrize("more_settings", [{"SOCIAL__TIMEOUT": "2s"}])
async def test_a_slow_provider_ends_in_a_clear_error(browser, server):
    server.slow["/token"] = 2.5

    assert await browser.error() == "social.provider_unavailable"


async def test_no_secret_of_a_refusal_reaches_the_log(browser, server):
    server.claims = {"nonce": "n" * 43}

    with captured_logs() as lines:
        address = await browser.begin()
        brought = server.agree(address)
        await browser.come_back(brought)

    assert "social_id_token_refused" in str(lines)
    for secret in (brought["code"], brought["state"], *server.tokens):
        assert secret not in str(lines)
