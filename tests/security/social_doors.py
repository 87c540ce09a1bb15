"""What the doors of social login are shown in the access matrix, without a provider that would have to answer."""

import json
from datetime import timedelta
from typing import Any, cast

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.jwk import ECKey

from mainspring.core import clock, ids
from mainspring.modules.social.oidc.key_sets import Known
from mainspring.modules.social.oidc.logout_tokens import EVENT, TYPE
from mainspring.modules.social.oidc.provider import OidcProvider
from mainspring.modules.social.ports import Providers
from mainspring.modules.social.rows import Attempt, Identity
from mainspring.modules.social.secrecy import challenge_of
from mainspring.modules.social.service import AttemptService, HandoverService, LinkService, Secrets, Wish
from mainspring.testing.client import AppClient, SignedIn

LIFE = timedelta(minutes=5)
PROVIDERS_KEY = ECKey.generate_key("P-256")
VERIFIER = "v" * 43
PEM = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
ENVIRONMENT = {
    "SOCIAL__PROVIDERS": json.dumps(
        {
            "github": {"client_id": "matrix", "client_secret": "matrix"},
            "apple": {"client_id": "matrix", "team_id": "T", "key_id": "K", "private_key": PEM},
        }
    )
}
COOKIES = {"github": "socialSignIn", "apple": "socialPostedSignIn"}


async def request_of_return(app: AppClient, name: str) -> dict[str, Any]:
    """What a browser brings back that began here and whose person then said no."""
    secrets = Secrets()
    async with app.application.unit() as uow:
        provider = app.application.resolve(Providers).of(name)
        await AttemptService(uow).begin(provider, secrets, Wish("bearer", "/"), LIFE)
    brought = {"state": secrets.state, "error": "access_denied"}
    cookie = {"Cookie": f"{COOKIES[name]}={secrets.browser}"}
    return {"headers": cookie, "data" if name == "apple" else "params": brought}


def request_of_logout(app: AppClient, name: str) -> dict[str, Any]:
    """A logout token of the provider about somebody unknown; its keys are told as if they had been fetched."""
    provider = cast("OidcProvider", app.application.resolve(Providers).of(name))
    keys, now = provider.logout_tokens.keys, int(clock.now().timestamp())
    keys._keys, keys._at = [Known("matrix", PROVIDERS_KEY, ("ES256",))], clock.monotonic()
    claims = {"iss": provider.issuer, "aud": "matrix", "sub": "nobody", "iat": now, "exp": now + 120, "jti": ids.text()}
    header = {"alg": "ES256", "kid": "matrix", "typ": TYPE}
    return {"data": {"logout_token": jwt.encode(header, {**claims, "events": {EVENT: {}}}, PROVIDERS_KEY)}}


async def a_provider(scene: Any, owner: SignedIn) -> dict[str, str]:
    return {"provider": "github", "next": "/account"}


async def a_provider_that_posts(scene: Any, owner: SignedIn) -> dict[str, str]:
    return {"provider": "apple"}


async def a_code(scene: Any, user: SignedIn) -> dict[str, str]:
    """A code that stands for the user, and the verifier that goes with it."""
    attempt = Attempt("", "", "", "", "", "", "bearer", "/", challenge_of(VERIFIER), None, None, clock.now(), clock.now())
    async with scene.app.application.unit() as uow:
        return {"code": await HandoverService(uow).offer(user.id, attempt, ids.new()), "codeVerifier": VERIFIER}


async def a_social_link(scene: Any, user: SignedIn) -> dict[str, str]:
    """A new link of the user."""
    identity = Identity("github", "GitHub", "https://github.com", ids.text(), user.email, True, None)
    async with scene.app.application.unit() as uow:
        return {"id": str((await LinkService(uow).add(user.id, identity)).id)}
