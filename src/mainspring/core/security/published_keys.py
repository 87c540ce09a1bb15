"""`/.well-known/jwks.json`: the public keys with which others check our access tokens (R-066, D-02, RFC 7517)."""

from pydantic import BaseModel, ConfigDict

from ..application import Application
from ..http.caching import cache_control
from ..http.dependencies import App
from ..http.routing import Router
from .guard import public
from .keys import PUBLISHED_SECONDS, KeyRing
from .tokens import AccessTokens

router = Router(root=True, tags=["auth"])


class PublishedKeyOut(BaseModel):
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

    keys: list[PublishedKeyOut]


@router.get(
    "/.well-known/jwks.json",
    dependencies=[public, cache_control(PUBLISHED_SECONDS, shared=True)],
    response_model_exclude_none=True,
)
async def published_keys(application: App) -> KeysOut:
    """The public keys that verify access tokens, as a JWK set."""
    return KeysOut(keys=[PublishedKeyOut(**key) for key in _ring(application).jwks()["keys"]])


def _ring(application: Application) -> KeyRing:
    return application.resolve(AccessTokens).keys
