"""Tokens that are bound to a key are worth nothing without it (RFC 9449)."""

import asyncio
import secrets

import orjson
import pytest
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

from mainspring.core import clock
from mainspring.core.security.refusals import TokenInvalid
from mainspring.modules.oauth.proofs import s256

from .browser import Browser, back, with_token

ME, TOKEN = "/api/v1/users/me", "/oauth/token"


class Prover:
    """A key, and proofs by it."""

    def __init__(self, key=None, algorithm="ES256"):
        self.key, self.algorithm = key or ECKey.generate_key("P-256"), algorithm

    def proof(self, method, path, token=None, *, header=None, **more):
        claims = {
            "jti": secrets.token_hex(16),
            "htm": method,
            "htu": f"http://localhost:8000{path}",
            "iat": int(clock.now().timestamp()),
            **({"ath": s256(token.encode())} if token else {}),
            **more,
        }
        head = {"typ": "dpop+jwt", "alg": self.algorithm, "jwk": self.key.as_dict(private=False), **(header or {})}
        return jws.serialize_compact(head, orjson.dumps(claims), self.key, algorithms=[self.algorithm])

    def headers(self, method, path, token, scheme="DPoP", **more):
        return {"Authorization": f"{scheme} {token}", "DPoP": self.proof(method, path, token, **more)}


async def exchanged(app, client, code, prover, **more):
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": client.redirect_uri,
        "code_verifier": client.verifier,
    }
    return await app.post(
        TOKEN, data=form, auth=(client.id, client.secret), headers={"DPoP": prover.proof("POST", TOKEN, **more)}
    )


async def bound(app, client, prover):
    answer = await exchanged(app, client, await client.code(await app.sign_up()), prover)
    assert answer.status_code == 200, answer.text
    assert answer.json()["token_type"] == "DPoP"
    return answer.json()


KINDS = [
    (lambda: ECKey.generate_key("P-256"), "ES256"),
    (lambda: OKPKey.generate_key("Ed25519"), "Ed25519"),
    (lambda: RSAKey.generate_key(2048), "PS256"),
]


@pytest.mark.parametrize(("make", "algorithm"), KINDS)
async def test_a_bound_token_opens_with_a_proof_of_its_key(app, client, make, algorithm):
    prover = Prover(make(), algorithm)
    token = (await bound(app, client, prover))["access_token"]

    assert (await app.get(ME, headers=prover.headers("GET", ME, token))).status_code == 200
    userinfo = await app.get("/oauth/userinfo", headers=prover.headers("GET", "/oauth/userinfo", token))
    assert userinfo.status_code == 200
    told = (await client.ask("/oauth/introspect", token=token)).json()
    assert (told["token_type"], told["cnf"]) == ("DPoP", {"jkt": prover.key.thumbprint()})


async def test_without_it_or_with_another_it_opens_nothing(app, client):
    prover, thief = Prover(), Prover()
    token = (await bound(app, client, prover))["access_token"]
    minute = int(clock.now().timestamp())

    for headers in (
        with_token(token),
        {"Authorization": f"DPoP {token}"},
        {"X-Access-Token": token},
        {"Cookie": f"accessToken={token}"},
        prover.headers("GET", ME, token, scheme="Bearer"),
        thief.headers("GET", ME, token),
        prover.headers("POST", ME, token),
        prover.headers("GET", "/api/v1/products", token),
        prover.headers("GET", ME, token, htu="https://evil.example.com/api/v1/users/me"),
        prover.headers("GET", ME, token, ath=s256(b"another")),
        prover.headers("GET", ME, token, iat=minute - 61),
        prover.headers("GET", ME, token, iat=minute + 60),
        prover.headers("GET", ME, token, jti="short"),
        prover.headers("GET", ME, token, header={"typ": "JWT"}),
        prover.headers("GET", ME, token, header={"kid": "x"}),
        {"Authorization": f"DPoP {token}", "DPoP": "x.y.z"},
    ):
        assert (await app.get(ME, headers=headers)).status_code == 401, headers
    assert (await app.get(ME, headers=prover.headers("GET", ME, token))).status_code == 200


async def test_a_proof_holds_no_secret_and_no_weak_key(app, client):
    prover = Prover()
    with_secret = prover.key.as_dict(private=True)
    for other, header in (
        (prover, {"jwk": with_secret}),
        (Prover(), {"jwk": prover.key.as_dict(private=False)}),
        (prover, {"jwk": {"kty": "oct", "k": "A" * 43}}),
    ):
        answer = await exchanged(app, client, "x", other, header=header)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_dpop_proof")


async def test_a_proof_is_good_once_however_many_try(app, client):
    prover = Prover()
    token = (await bound(app, client, prover))["access_token"]
    headers = prover.headers("GET", ME, token)

    answers = await asyncio.gather(*(app.get(ME, headers=headers) for _ in range(50)))

    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 49


async def test_refreshing_needs_the_same_key(app, client):
    prover = Prover()
    tokens = await bound(app, client, prover)
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}

    async def refresh(headers):
        return await app.post(TOKEN, data=form, auth=(client.id, client.secret), headers=headers)

    assert (await refresh({})).json()["error"] == "invalid_dpop_proof"
    assert (await refresh({"DPoP": Prover().proof("POST", TOKEN)})).json()["error"] == "invalid_dpop_proof"
    after = await refresh({"DPoP": prover.proof("POST", TOKEN)})
    assert (after.status_code, after.json()["token_type"]) == (200, "DPoP")


async def test_a_code_may_be_bound_to_the_key_that_will_be_used(app, client):
    prover, thief, browser = Prover(), Prover(), Browser(app)
    key = prover.key.thumbprint()
    for other, status in ((thief, 400), (prover, 200)):
        code = await client.code(await app.sign_up(), dpop_jkt=key)
        assert (await exchanged(app, client, code, other)).status_code == status
    assert (await client.exchange(await client.code(await app.sign_up(), dpop_jkt=key))).status_code == 400
    assert back(await browser.get(client.request(dpop_jkt="x")))["error"] == "invalid_request"


async def test_no_other_transport_takes_a_bound_token_unproved(app, client):
    token = (await bound(app, client, Prover()))["access_token"]

    with pytest.raises(TokenInvalid):
        await app.application.authenticator.of_token(token.encode())
