"""Keys of providers: found by name, followed when they change, and not asked for at the word of strangers."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import ECKey, OKPKey

from mainspring.core import clock
from mainspring.modules.social.ports import Providers

from .oidc_server import encoded, signed


async def test_a_new_key_is_found_without_waiting(browser, server, moving):
    await browser.sign_in()
    moving.forward(61)
    server.rotate("key-2")

    assert (await browser.sign_in())["user"]["email"] == "ada@example.com"


async def test_an_old_key_is_worth_nothing_after_an_hour(browser, server, moving):
    await browser.sign_in()
    old = server.keys[server.signing]
    server.rotate("key-2")
    server.sign = lambda header, claims: signed({**header, "kid": "key-1"}, claims, old)
    moving.forward(3601)

    assert await browser.error() == "social.refused"


async def test_unknown_keys_make_us_ask_once_a_minute(browser, server, moving):
    await browser.sign_in()
    asked = server.count("/jwks")
    server.header = {"kid": "made up"}
    moving.forward(61)

    for _ in range(5):
        assert await browser.error() == "social.refused"

    assert server.count("/jwks") == asked + 1


async def test_keys_are_kept_while_the_provider_does_not_tell_them(browser, server, moving):
    await browser.sign_in()
    server.replies["/jwks"] = server.replies["/.well-known/openid-configuration"] = (500, {}, b"")
    moving.forward(3700)

    assert (await browser.sign_in())["user"]["email"] == "ada@example.com"


async def test_other_signatures_with_key_pairs_are_accepted(browser, server):
    server.keys |= {
        "PS256": server.keys["key-1"],
        "RS512": server.keys["key-1"],
        "ES256": ECKey.generate_key("P-256"),
        "ES384": ECKey.generate_key("P-384"),
        "Ed25519": OKPKey.generate_key("Ed25519"),
    }
    for algorithm in ("PS256", "RS512", "ES256", "ES384", "Ed25519"):
        server.signing, server.header, server.claims = algorithm, {"alg": algorithm}, {"at_hash": None}

        assert (await browser.sign_in())["user"]["email"] == "ada@example.com"


async def test_a_short_rsa_key_is_no_key(browser, server):
    # RFC 8725 3.5
    numbers = rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key().public_numbers()
    key = {"kty": "RSA", "kid": "key-1", "n": encoded(numbers.n.to_bytes(128, "big")), "e": "AQAB"}
    server.replies["/jwks"] = (200, {}, json.dumps({"keys": [key]}).encode())

    assert await browser.error() == "social.refused"


async def test_the_document_is_asked_for_once_an_hour(app, browser, server, moving):
    for _ in range(3):
        await browser.sign_in()
    assert server.count("/.well-known/openid-configuration") == 1

    moving.forward(3601)
    await browser.begin()

    assert server.count("/.well-known/openid-configuration") == 2
    assert [one.name for one in app.application.resolve(Providers).all()] == ["acme"]


class Moving:
    def __init__(self):
        self.ahead = 0.0

    def forward(self, seconds):
        self.ahead += seconds


@pytest.fixture
def moving(monkeypatch):
    """Moves the clock that ages are measured with."""
    moving, real = Moving(), clock.monotonic
    monkeypatch.setattr(clock, "monotonic", lambda: real() + moving.ahead)
    return moving
