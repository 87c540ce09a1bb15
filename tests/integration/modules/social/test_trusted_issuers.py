"""Bearer tokens of issuers that are not ours, for linked users only (R-098)."""

import json
import time
from uuid import UUID

import pytest
from joserfc.jwk import RSAKey

from mainspring.core.module import BootRefused
from mainspring.core.security.ports import OutsideTokens
from mainspring.modules.users.service import UserService

from ..auth.authenticator_app import with_totp
from .oidc_server import CLIENT_ID, signed, signed_with_the_public_key, unsigned
from .stored import verified

ME = "/api/v1/users/me"
FOREIGN = RSAKey.generate_key(2048)
AUDIENCE = "our-api"


@pytest.fixture
def more_settings(server):
    return {"SOCIAL__TRUSTED_ISSUERS": json.dumps([{"issuer": server.issuer, "audience": AUDIENCE}])}


def claims_of(server, **changes):
    now = int(time.time())
    claims = {"iss": server.issuer, "aud": AUDIENCE, "sub": "ada-1", "iat": now, "exp": now + 300, **changes}
    return {name: value for name, value in claims.items() if value is not None}


def token_of(server, header=None, key=None, **changes):
    head = {"alg": "RS256", "kid": server.signing, "typ": "at+jwt", **(header or {})}
    return signed(head, claims_of(server, **changes), key or server.keys[server.signing])


async def asked(app, token, path=ME):
    return await app.get(path, headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
async def ada(app, browser):
    """The id of a user who linked the identity."""
    return (await browser.sign_in())["user"]["id"]


async def test_a_token_of_a_trusted_issuer_speaks_for_the_linked_user(app, server, ada):
    answer = await asked(app, token_of(server))

    assert (answer.status_code, answer.json()["id"]) == (200, ada)
    assert (await asked(app, token_of(server, aud=["other", AUDIENCE], header={"typ": "JWT"}))).status_code == 200
    assert (await asked(app, token_of(server), "/api/v1/users")).status_code == 403


async def test_without_a_link_it_speaks_for_nobody(app, server, ada):
    answer = await asked(app, token_of(server, sub="bob-1", email="ada@example.com", email_verified=True))

    assert (answer.status_code, answer.json()["error"]["details"]["reason"]) == (401, "token_invalid")


async def test_no_crafted_token_comes_in(app, server, ada):
    now = int(time.time())
    good = {"alg": "RS256", "kid": server.signing, "typ": "at+jwt"}
    crafted = {
        "no signature": unsigned({**good, "alg": "none"}, claims_of(server)),
        "no signature in capitals": unsigned({**good, "alg": "NONE"}, claims_of(server)) + "AAAA",
        "HS256 over the public key": signed_with_the_public_key(server)(good, claims_of(server)),
        "a foreign key": token_of(server, key=FOREIGN),
        "a foreign key named": token_of(server, key=FOREIGN, header={"kid": "x"}),
        "a foreign key inside": token_of(server, key=FOREIGN, header={"kid": "x", "jwk": FOREIGN.as_dict(private=False)}),
        "an address of keys": token_of(server, key=FOREIGN, header={"kid": "x", "jku": "https://evil.example/jwks"}),
        "another issuer": token_of(server, iss="https://evil.example"),
        "the issuer with a slash": token_of(server, iss=f"{server.issuer}/"),
        "another audience": token_of(server, aud=CLIENT_ID),
        "an audience with ours inside": token_of(server, aud=f"{AUDIENCE}-2"),
        "no audience": token_of(server, aud=None),
        "no end": token_of(server, exp=None),
        "no beginning": token_of(server, iat=None),
        "a life of a year": token_of(server, exp=now + 365 * 86_400),
        "from the future": token_of(server, iat=now + 600, exp=now + 900),
        "not valid yet": token_of(server, nbf=now + 600),
        "no subject": token_of(server, sub=None),
        "an ID token of a sign-in": token_of(server, nonce="n"),
        "an ID token with a hash": token_of(server, at_hash="h"),
        "a logout token": token_of(server, header={"typ": "logout+jwt"}),
        "another type": token_of(server, header={"typ": "dpop+jwt"}),
        "changed claims": ".".join([*token_of(server).split(".")[:1], *token_of(server, sub="x").split(".")[1:2], "AAAA"]),
    }

    answers = {case: await asked(app, token) for case, token in crafted.items()}

    assert {case: answer.status_code for case, answer in answers.items()} == dict.fromkeys(crafted, 401)
    assert {answer.json()["error"]["details"]["reason"] for answer in answers.values()} == {"token_invalid"}
    assert not any(path.startswith("https://evil") for path in server.asked)
    expired = await asked(app, token_of(server, iat=now - 600, exp=now - 300))
    assert expired.json()["error"]["details"]["reason"] == "token_expired"


async def test_it_counts_in_the_header_alone(app, server, ada):
    answer = await app.get(ME, headers={"Cookie": f"accessToken={token_of(server)}"})

    assert answer.status_code == 401


async def test_a_disabled_user_is_out_within_a_second(app, server, ada):
    assert (await asked(app, token_of(server))).status_code == 200
    async with app.application.unit() as uow:
        await UserService(uow).set_active(UUID(ada), False)

    answer = await asked(app, token_of(server))

    assert answer.json()["error"]["details"]["reason"] == "token_revoked"


async def test_an_account_with_a_second_factor_is_not_opened(app, browser, server):
    user = await verified(app, await app.sign_up("ada@example.com"))
    await browser.sign_in()
    assert (await asked(app, token_of(server))).status_code == 200
    await with_totp(app, user)

    assert (await asked(app, token_of(server))).status_code == 401


async def test_delicate_changes_need_a_session_of_ours(app, server, ada):
    answer = await app.post("/api/v1/auth/mfa/totp/enroll", headers={"Authorization": f"Bearer {token_of(server)}"})

    assert answer.json()["error"]["code"] == "auth.step_up_required"


class TestOffByDefault:
    @pytest.fixture
    def more_settings(self):
        return {}

    async def test_a_good_token_of_a_provider_is_no_token_of_ours(self, app, server, ada):
        assert (await asked(app, token_of(server))).status_code == 401


def test_we_are_no_outside_issuer(tmp_path):
    from mainspring.core.application import create_application
    from mainspring.testing.databases import settings_for

    given = {"SOCIAL__TRUSTED_ISSUERS": json.dumps([{"issuer": "http://localhost:8000", "audience": "api"}])}
    application = create_application(settings_for(f"sqlite:///{tmp_path}/none.db", tmp_path, given))

    with pytest.raises(BootRefused, match="which is this installation itself"):
        application.resolve(OutsideTokens)
