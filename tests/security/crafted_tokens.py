"""Tokens that somebody made up, bent or stole (D-02, D-08, D-09, RFC 8725, RFC 9068, ASVS 9).

Each differs from an acceptable one in one point: where `WHO` names a living session, the rest of it would let that user in.
"""

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from functools import cache
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from joserfc.jwk import RSAKey

from mainspring.core import clock, ids
from mainspring.core.audit.seals import Seals, Word
from mainspring.core.security.keys import KeyRing
from mainspring.core.security.tokens import AccessTokens

ISSUER, AUDIENCE = "https://api.example.com", "api"
WHO: dict[str, str] = {"sub": str(ids.new()), "sid": str(ids.new())}
ELSEWHERE = {"url": "https://evil.example"}  # where keys of strangers would lie


@cache
def ours() -> AccessTokens:
    return AccessTokens(KeyRing(RSAKey.generate_key(3072)), issuer=ISSUER, audience=AUDIENCE)


@cache
def stranger() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 3072)


def b64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def good_header(**changes: Any) -> dict[str, Any]:
    return {"alg": "RS256", "typ": "at+jwt", "kid": ours().keys.signing_id} | changes


def good_claims(**changes: Any) -> dict[str, Any]:
    now = int(clock.now().timestamp())
    return {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": WHO["sub"],
        "jti": "0" * 32,
        "sid": WHO["sid"],
        "iat": now,
        "nbf": now,
        "exp": now + 900,
    } | changes


def without(of: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in of.items() if name not in names}


def signed(header: dict[str, Any] | bytes, claims: dict[str, Any] | bytes | list[Any], key: Any = None) -> str:
    """A token with a correct RS256 signature, whatever it says."""
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, claims)]
    signing_input = ".".join(map(b64, parts))
    private = key or ours().keys.signing.private_key
    return f"{signing_input}.{b64(private.sign(signing_input.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def hs256(secret: bytes, **header: Any) -> str:
    signing_input = ".".join(b64(json.dumps(part).encode()) for part in (good_header(alg="HS256", **header), good_claims()))
    return f"{signing_input}.{b64(hmac.digest(secret, signing_input.encode(), hashlib.sha256))}"


def bent(change: Callable[[str, str, str], str]) -> str:
    header, claims, signature = signed(good_header(), good_claims()).split(".")
    return change(header, claims, signature)


def other_spelling(part: str) -> str:
    """Another text that lax decoders read as the same bytes."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = alphabet[alphabet.index(part[-1]) ^ 1]
    assert urlsafe_b64decode(part[:-1] + last + "==") == urlsafe_b64decode(part + "==")
    return part[:-1] + last


def claims_of_odd_length() -> dict[str, Any]:
    for extra in range(3):
        claims = good_claims(roles=["u" * extra])
        if len(json.dumps(claims)) % 3:
            return claims
    raise AssertionError


def public_pem() -> bytes:
    return bytes(ours().keys.signing.as_pem(private=False))


def public_jwk() -> dict[str, Any]:
    return dict(RSAKey.import_key(public_pem()).as_dict(private=False))


@cache
def small() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 1024)


@cache
def of_curve() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def jwk_of(private: rsa.RSAPrivateKey) -> dict[str, Any]:
    numbers = private.public_key().public_numbers()
    e, n = (b64(number.to_bytes((number.bit_length() + 7) // 8)) for number in (numbers.e, numbers.n))
    return {"kty": "RSA", "e": e, "n": n}


def public_of_curve() -> dict[str, Any]:
    numbers = of_curve().public_key().public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": b64(numbers.x.to_bytes(32)), "y": b64(numbers.y.to_bytes(32))}


def es256(header: dict[str, Any]) -> str:
    signing_input = ".".join(b64(json.dumps(part).encode()) for part in (header, good_claims()))
    r, s = decode_dss_signature(of_curve().sign(signing_input.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{signing_input}.{b64(r.to_bytes(32) + s.to_bytes(32))}"


def ed25519_signed(header: dict[str, Any]) -> str:
    signing_input = ".".join(b64(json.dumps(part).encode()) for part in (header, good_claims()))
    return f"{signing_input}.{b64(ed25519.Ed25519PrivateKey.generate().sign(signing_input.encode()))}"


def checkpoint() -> str:
    return Seals(lambda: ours().keys).sign(Word("head", UUID(WHO["sub"]), 1, bytes(32), clock.now()))


def with_jwk_of_stranger(**changes: Any) -> str:
    key = RSAKey.import_key(stranger())
    return signed(good_header(jwk=key.as_dict(private=False), **changes), good_claims(), stranger())


def now() -> int:
    return int(clock.now().timestamp())


CRAFTED: dict[str, Callable[[], str]] = {
    # form
    "nothing": lambda: "",
    "a word": lambda: "token",
    "two parts": lambda: bent(lambda h, c, s: f"{h}.{c}"),
    "four parts": lambda: bent(lambda h, c, s: f"{h}.{c}.{s}.{s}"),
    "five parts, as encrypted tokens have": lambda: bent(lambda h, c, s: f"{h}.{c}.{s}.{s}.{s}"),
    "only dots": lambda: "..",
    "no signature": lambda: bent(lambda h, c, s: f"{h}.{c}."),
    "no claims": lambda: bent(lambda h, c, s: f"{h}..{s}"),
    "no header": lambda: bent(lambda h, c, s: f".{c}.{s}"),
    "padded header": lambda: bent(lambda h, c, s: f"{h}=.{c}.{s}"),
    "padded claims": lambda: bent(lambda h, c, s: f"{h}.{c}==.{s}"),
    "padded signature": lambda: bent(lambda h, c, s: f"{h}.{c}.{s}=="),
    "claims of another spelling": lambda: _respelt(),
    "a part of impossible length": lambda: bent(lambda h, c, s: f"{h}.{c}.{s}A"),
    "standard base64 letters": lambda: bent(lambda h, c, s: f"{h}.{c}.{s[:-4]}+/+/"),
    "a space inside": lambda: bent(lambda h, c, s: f"{h}.{c} .{s}"),
    "a line break at the end": lambda: bent(lambda h, c, s: f"{h}.{c}.{s}\n"),
    "a NUL at the end": lambda: bent(lambda h, c, s: f"{h}.{c}.{s}\0"),
    "letters that are not ASCII": lambda: bent(lambda h, c, s: f"{h}.{c}.{s}é"),
    "JSON serialisation": lambda: json.dumps({"payload": b64(b"{}"), "protected": b64(b"{}"), "signature": "AA"}),
    "over eight kilobytes": lambda: signed(good_header(), good_claims(roles=["x" * 9000])),
    "a megabyte of dots": lambda: "." * 1_000_000,
    # header
    "header is a list": lambda: signed(b"[]", good_claims()),
    "header is not JSON": lambda: signed(b"{", good_claims()),
    "header is not UTF-8": lambda: signed(b'{"alg":"\xff"}', good_claims()),
    "header holds NaN": lambda: signed(b'{"alg":NaN}', good_claims()),
    "header nests deeply": lambda: signed(b"[" * 3000, good_claims()),
    "header with alg twice": lambda: signed(json.dumps(good_header()).encode()[:-1] + b',"alg":"none"}', good_claims()),
    "header with kid twice": lambda: signed(json.dumps(good_header()).encode()[:-1] + b',"kid":"x"}', good_claims()),
    "alg none": lambda: signed(good_header(alg="none"), good_claims()),
    "alg none without signature": lambda: (
        f"{b64(json.dumps(good_header(alg='none')).encode())}.{b64(json.dumps(good_claims()).encode())}."
    ),
    "alg NONE": lambda: signed(good_header(alg="NONE"), good_claims()),
    "alg missing": lambda: signed(without(good_header(), "alg"), good_claims()),
    "alg is a list": lambda: signed(good_header(alg=["RS256"]), good_claims()),
    "alg is null": lambda: signed(good_header(alg=None), good_claims()),
    "alg RS512 over an RS256 signature": lambda: signed(good_header(alg="RS512"), good_claims()),
    "alg PS256 of the same key": lambda: signed(good_header(alg="PS256"), good_claims()),
    "alg ES256 of the same key": lambda: signed(good_header(alg="ES256"), good_claims()),
    "alg HS256 over an RS256 signature": lambda: signed(good_header(alg="HS256"), good_claims()),
    "ES256 of a stranger under our kid": lambda: es256(good_header(alg="ES256")),
    "ES256 of a stranger with its key in jwk": lambda: es256(good_header(alg="ES256", jwk=public_of_curve())),
    "Ed25519 of a stranger under our kid": lambda: ed25519_signed(good_header(alg="Ed25519")),
    "alg in lower case": lambda: signed(good_header(alg="rs256"), good_claims()),
    "HS256 with the public key as PEM": lambda: hs256(public_pem()),
    "HS256 with the public key as PEM, stripped": lambda: hs256(public_pem().strip()),
    "HS256 with the public key as DER": lambda: hs256(bytes(ours().keys.signing.as_der(private=False))),
    "HS256 with the public key as JWK": lambda: hs256(json.dumps(public_jwk()).encode()),
    "HS256 with the modulus": lambda: hs256(urlsafe_b64decode(public_jwk()["n"] + "==")),
    "HS256 with nothing": lambda: hs256(b""),
    "typ JWT": lambda: signed(good_header(typ="JWT"), good_claims()),
    "typ of a logout token": lambda: signed(good_header(typ="logout+jwt"), good_claims()),
    "typ of an id token": lambda: signed(good_header(typ="id_token+jwt"), good_claims()),
    "typ of a client's proof": lambda: signed(good_header(typ="dpop+jwt"), good_claims()),
    "typ of a checkpoint": lambda: signed(good_header(typ="audit-checkpoint+jws"), good_claims()),
    "a checkpoint of the audit trail": lambda: checkpoint(),
    "typ missing": lambda: signed(without(good_header(), "typ"), good_claims()),
    "typ in capitals": lambda: signed(good_header(typ="AT+JWT"), good_claims()),
    "kid unknown": lambda: signed(good_header(kid="somebody"), good_claims()),
    "kid missing": lambda: signed(without(good_header(), "kid"), good_claims()),
    "kid is a number": lambda: signed(good_header(kid=1), good_claims()),
    "kid is a list": lambda: signed(good_header(kid=[]), good_claims()),
    "kid is a path": lambda: signed(good_header(kid="../../dev/null"), good_claims()),
    "kid is an address": lambda: signed(good_header(kid=f"{ELSEWHERE['url']}/key.pem"), good_claims(), stranger()),
    "kid is a file of ours": lambda: signed(good_header(kid="keys/jwt-rs256.pem"), good_claims(), stranger()),
    "kid is empty": lambda: signed(good_header(kid=""), good_claims()),
    "kid with a NUL": lambda: signed(good_header(kid=ours().keys.signing_id + "\0"), good_claims()),
    "kid is SQL": lambda: signed(good_header(kid="' OR 1=1 --"), good_claims()),
    "own key in jwk": with_jwk_of_stranger,
    "own key in jwk, kid of it": lambda: with_jwk_of_stranger(kid=RSAKey.import_key(stranger()).thumbprint()),
    "jku": lambda: signed(good_header(jku=f"{ELSEWHERE['url']}/jwks.json"), good_claims(), stranger()),
    "jku over a good signature": lambda: signed(good_header(jku=f"{ELSEWHERE['url']}/jwks.json"), good_claims()),
    "x5u": lambda: signed(good_header(x5u=f"{ELSEWHERE['url']}/chain.pem"), good_claims()),
    "x5c": lambda: signed(good_header(x5c=["MIIB"]), good_claims()),
    "x5t": lambda: signed(good_header(x5t="AAAA"), good_claims()),
    "crit unknown": lambda: signed(good_header(crit=["moon"], moon=1), good_claims()),
    "crit empty": lambda: signed(good_header(crit=[]), good_claims()),
    "b64 false": lambda: signed(good_header(b64=False, crit=["b64"]), good_claims()),
    "zip": lambda: signed(good_header(zip="DEF"), good_claims()),
    "cty nested": lambda: signed(good_header(cty="JWT"), good_claims()),
    # signature
    "a key of 1024 bits under our kid": lambda: signed(good_header(), good_claims(), small()),
    "a key of 1024 bits in jwk": lambda: signed(good_header(jwk=jwk_of(small())), good_claims(), small()),
    "signed by a stranger": lambda: signed(good_header(), good_claims(), stranger()),
    "signature of another token": lambda: bent(
        lambda h, c, s: f"{h}.{b64(json.dumps(good_claims(sub=str(ids.new()))).encode())}.{s}"
    ),
    "signature cut": lambda: bent(lambda h, c, s: f"{h}.{c}.{s[:-4]}"),
    "signature with a byte more": lambda: bent(lambda h, c, s: f"{h}.{c}.{b64(urlsafe_b64decode(s + '==') + b'A')}"),
    "signature of zeros": lambda: bent(lambda h, c, s: f"{h}.{c}.{b64(bytes(384))}"),
    "signature of ones": lambda: bent(lambda h, c, s: f"{h}.{c}.{b64(bytes([255]) * 384)}"),
    "psychic zeros of ECDSA": lambda: bent(lambda h, c, s: f"{h}.{c}.{b64(bytes(64))}"),
    # claims
    "claims are a list": lambda: signed(good_header(), []),
    "claims are not JSON": lambda: signed(good_header(), b"claims"),
    "claims with exp twice": lambda: signed(good_header(), json.dumps(good_claims()).encode()[:-1] + b',"exp":99999999999}'),
    "claims with sub twice": lambda: signed(good_header(), json.dumps(good_claims()).encode()[:-1] + b',"sub":"x"}'),
    **{f"without {name}": (lambda name=name: signed(good_header(), without(good_claims(), name))) for name in good_claims()},
    **{f"{name} is null": (lambda name=name: signed(good_header(), good_claims(**{name: None}))) for name in good_claims()},
    **{
        f"{name} is a list": (lambda name=name: signed(good_header(), good_claims(**{name: [good_claims()[name]]})))
        for name in good_claims()
    },
    "issuer of another": lambda: signed(good_header(), good_claims(iss=ELSEWHERE["url"])),
    "issuer with a longer host": lambda: signed(good_header(), good_claims(iss=f"{ISSUER}.evil.example")),
    "issuer with a path": lambda: signed(good_header(), good_claims(iss=f"{ISSUER}/")),
    "issuer in capitals": lambda: signed(good_header(), good_claims(iss=ISSUER.upper())),
    "issuer cut": lambda: signed(good_header(), good_claims(iss=ISSUER[:-1])),
    "issuer with a space": lambda: signed(good_header(), good_claims(iss=f"{ISSUER} ")),
    "audience of another": lambda: signed(good_header(), good_claims(aud="billing")),
    "audience longer": lambda: signed(good_header(), good_claims(aud="api2")),
    "audience empty": lambda: signed(good_header(), good_claims(aud="")),
    "audience among others": lambda: signed(good_header(), good_claims(aud=["billing", AUDIENCE])),
    "exp is text": lambda: signed(good_header(), good_claims(exp=str(now() + 900))),
    "exp is true": lambda: signed(good_header(), good_claims(exp=True)),
    "exp is a fraction": lambda: signed(good_header(), good_claims(exp=now() + 900.5)),
    "exp is infinite": lambda: signed(good_header(), json.dumps(good_claims(exp=float("inf"))).encode()),
    "exp overflows": lambda: signed(good_header(), json.dumps(good_claims(exp=0)).replace('"exp": 0', '"exp": 1e400').encode()),
    "exp of ten digits more": lambda: signed(good_header(), good_claims(exp=10**20)),
    "exp of a thousand digits": lambda: signed(
        good_header(), json.dumps(good_claims()).encode()[:-1] + b',"x":' + b"9" * 5000 + b"}"
    ),
    "exp negative": lambda: signed(good_header(), good_claims(exp=-1)),
    "exp before iat": lambda: signed(good_header(), good_claims(iat=now() - 10, exp=now() - 20)),
    "lives for two hours": lambda: signed(good_header(), good_claims(exp=now() + 7200)),
    "issued in the future": lambda: signed(good_header(), good_claims(iat=now() + 60, exp=now() + 120)),
    "valid in the future": lambda: signed(good_header(), good_claims(nbf=now() + 60)),
    "sub is no id": lambda: signed(good_header(), good_claims(sub="admin")),
    "sub in braces": lambda: signed(good_header(), good_claims(sub=f"{{{WHO['sub']}}}")),
    "sub in capitals": lambda: signed(good_header(), good_claims(sub=str(UUID(int=2**128 - 1)).upper())),
    "sub is a number": lambda: signed(good_header(), good_claims(sub=1)),
    "sid is no id": lambda: signed(good_header(), good_claims(sid="*")),
    "jti is empty": lambda: signed(good_header(), good_claims(jti="")),
    "jti is an object": lambda: signed(good_header(), good_claims(jti={"$ne": 1})),
}


def _respelt() -> str:
    """A correctly signed token whose claims are spelt in another way; the signature covers that spelling."""
    header, claims = b64(json.dumps(good_header()).encode()), b64(json.dumps(claims_of_odd_length()).encode())
    signing_input = f"{header}.{other_spelling(claims)}"
    signature = ours().keys.signing.private_key.sign(signing_input.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signing_input}.{b64(signature)}"
