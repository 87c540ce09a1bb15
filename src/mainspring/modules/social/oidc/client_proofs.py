"""How we prove at the token endpoint that we are the client (RFC 6749 2.3, ASVS 10.4.16)."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote_plus

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from mainspring.core import clock
from mainspring.core.module import BootRefused

APPLE = "https://appleid.apple.com"
LIFE_SECONDS = 5 * 60

Proof = tuple[Mapping[str, str], Mapping[str, str]]  # fields of the form, headers
ClientProof = Callable[[bool], Proof]


def secret_of(client_id: str, secret: str | None) -> ClientProof:
    """With a secret: in a header where the provider takes it so, else in the form. Without one PKCE is all the proof there is."""

    def proof(takes_basic: bool) -> Proof:
        if secret is None:
            return {"client_id": client_id}, {}
        if not takes_basic:
            return {"client_id": client_id, "client_secret": secret}, {}
        pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
        return {}, {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}

    return proof


def signed_by_apples_key(client_id: str, team_id: str, key_id: str, pem: str, audience: str = APPLE) -> ClientProof:
    """A secret that is made anew for each sign-in: a JWT, signed with the key that Apple gave.

    Raises BootRefused for a key of another kind.
    """
    try:
        key = ECKey.import_key(pem)
    except (JoseError, ValueError, TypeError):
        key = None
    if key is None or not key.is_private or key.curve_name != "P-256":
        raise BootRefused("SOCIAL__PROVIDERS names apple with a private_key that is no PEM of a P-256 key.")

    def proof(takes_basic: bool) -> Proof:
        now = int(clock.now().timestamp())
        claims: dict[str, Any] = {
            "iss": team_id,
            "sub": client_id,
            "aud": audience,
            "iat": now,
            "exp": now + LIFE_SECONDS,
        }
        secret = jwt.encode({"alg": "ES256", "kid": key_id}, claims, key, algorithms=["ES256"])
        return {"client_id": client_id, "client_secret": secret}, {}

    return proof
