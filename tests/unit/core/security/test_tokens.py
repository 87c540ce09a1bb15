"""What access tokens say and how they are signed (R-064 to R-071, R-083, R-088, D-01, D-02)."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from joserfc.jwk import ECKey, OKPKey, RSAKey

from mainspring.core import ids
from mainspring.core.module import BootRefused
from mainspring.core.security.keys import KeyRing
from mainspring.core.security.refusals import TokenInvalid
from mainspring.core.security.tokens import AccessTokens

ISSUER, AUDIENCE = "https://api.example.com", "api"
USER, SESSION = ids.new(), ids.new()


def tokens_of(keys: KeyRing, **options: Any) -> AccessTokens:
    return AccessTokens(keys, **({"issuer": ISSUER, "audience": AUDIENCE} | options))


OURS = tokens_of(KeyRing(RSAKey.generate_key(3072)))


def test_a_signature_has_one_spelling() -> None:
    tokens = tokens_of(KeyRing(OKPKey.generate_key("Ed25519"), algorithm="EdDSA"))
    signing_input, _, signature = tokens.issue(USER, SESSION).text.rpartition(".")

    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = alphabet[alphabet.index(signature[-1]) ^ 1]  # differs in a bit that the bytes do not hold

    assert urlsafe_b64decode(f"{signature[:-1]}{last}==") == urlsafe_b64decode(f"{signature}==")
    with pytest.raises(TokenInvalid):
        tokens.verify(f"{signing_input}.{signature[:-1]}{last}")


@pytest.mark.parametrize(
    ("algorithm", "make"),
    [
        ("PS256", lambda: RSAKey.generate_key(3072)),
        ("ES256", lambda: ECKey.generate_key("P-256")),
        ("EdDSA", lambda: OKPKey.generate_key("Ed25519")),
    ],
)
def test_other_algorithms_by_setting(algorithm: str, make: Callable[[], Any]) -> None:  # D-02
    tokens = tokens_of(KeyRing(make(), algorithm=algorithm))

    claims = tokens.verify(tokens.issue(USER, SESSION).text)

    assert claims.user_id == USER


def test_what_is_issued_is_what_the_contract_says() -> None:
    issued = OURS.issue(USER, SESSION, roles=["user", "admin"], permissions=["orders:place"], email="ada@example.com")

    header, claims, _ = (urlsafe_b64decode(part + "==") for part in issued.text.split("."))
    assert json.loads(header) == {"alg": "RS256", "typ": "at+jwt", "kid": OURS.keys.signing_id}
    says = json.loads(claims)
    assert says.keys() == {"iss", "aud", "sub", "jti", "sid", "iat", "nbf", "exp", "roles"}
    assert (says["iss"], says["aud"], says["sub"], says["sid"]) == (ISSUER, AUDIENCE, str(USER), str(SESSION))
    assert len(bytes.fromhex(says["jti"])) == 16
    assert says["exp"] - says["iat"] == issued.expires_in == 900
    assert says["roles"] == ["admin", "user"]


def test_a_token_that_would_grow_too_long_goes_without_hints() -> None:
    tokens = tokens_of(OURS.keys, claims=["permissions"], ttl=timedelta(minutes=5))

    issued = tokens.issue(USER, SESSION, permissions=[f"resource{number}:action" for number in range(1000)])

    assert tokens.verify(issued.text).user_id == USER


@pytest.mark.parametrize(
    "options",
    [
        {"issuer": ""},
        {"audience": ""},
        {"ttl": timedelta(seconds=30)},
        {"ttl": timedelta(minutes=61)},
        {"claims": ["password"]},
    ],
)
def test_unsafe_settings_stop_the_boot(options: dict[str, Any]) -> None:
    with pytest.raises(BootRefused):
        tokens_of(OURS.keys, **options)
