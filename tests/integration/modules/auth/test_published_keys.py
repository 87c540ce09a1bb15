"""Others check our tokens with the keys we publish."""

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from mainspring.testing.client import PASSWORD

pytestmark = pytest.mark.anyio


async def test_a_token_verifies_with_the_published_keys(app, ada):
    # R-066, D-02
    signed_in = await app.post("/api/v1/auth/login", json={"email": ada.email, "password": PASSWORD})

    answer = await app.get("/.well-known/jwks.json")

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=300"
    token = jwt.decode(signed_in.json()["accessToken"], KeySet.import_key_set(answer.json()), algorithms=["RS256"])
    assert token.claims["sub"] == str(ada.id)


async def test_no_private_part_is_published(app):
    key = (await app.get("/.well-known/jwks.json")).json()["keys"][0]

    assert key.keys() == {"kty", "kid", "alg", "use", "n", "e"}
    assert (key["kty"], key["alg"], key["use"]) == ("RSA", "RS256", "sig")
