"""`/.well-known/jwks.json`: the public keys with which others check our access tokens (R-066, D-02, RFC 7517)."""

from pydantic import BaseModel, ConfigDict

from ..application import Application
from ..http.dependencies import Answer, App
from ..http.routing import Router
from .guard import public
from .keys import KeyRing

MAX_AGE_SECONDS = 300  # a key that joins the ring is seen by everyone five minutes later

router = Router(root=True, tags=["auth"])


class KeyOut(BaseModel):
    """One public key (RFC 7517 4). RSA keys have `n` and `e`, elliptic ones `crv`, `x` and `y`, Ed25519 `crv` and `x`."""

    model_config = ConfigDict(extra="forbid")
    kty: str
    kid: str
    alg: str
    use: str
    n: str | None = None
    e: str | None = None
    crv: str | None = None
    x: str | None = None
    y: str | None = None


class KeysOut(BaseModel):
    """The keys, the one that signs first."""

    keys: list[KeyOut]


@router.get("/.well-known/jwks.json", dependencies=[public], response_model_exclude_none=True)
async def published_keys(application: App, answer: Answer) -> KeysOut:
    """The public keys that verify access tokens, as a JWK set."""
    answer.header("Cache-Control", f"public, max-age={MAX_AGE_SECONDS}")
    return KeysOut(keys=[KeyOut(**key) for key in _ring(application).jwks()["keys"]])


def _ring(application: Application) -> KeyRing:
    return application.resolve(KeyRing)
