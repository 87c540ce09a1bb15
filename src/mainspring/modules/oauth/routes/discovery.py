"""What clients read first (RFC 8414, OpenID Connect Discovery 1.0)."""

from pydantic import BaseModel

from mainspring.core.application import Application
from mainspring.core.http import Answer, App
from mainspring.core.security.dpop import ALGORITHMS
from mainspring.core.security.keys import KeyRing

from ..scopes import STANDARD
from .router import root_router

MAX_AGE_SECONDS = 300
AUTHENTICATION = ["client_secret_basic", "client_secret_post", "none"]


class MetadataOut(BaseModel):
    """The metadata of the provider, by the names of RFC 8414."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    revocation_endpoint: str
    introspection_endpoint: str
    userinfo_endpoint: str
    jwks_uri: str
    scopes_supported: list[str]
    response_types_supported: list[str] = ["code"]
    response_modes_supported: list[str] = ["query"]
    grant_types_supported: list[str] = ["authorization_code", "refresh_token", "client_credentials"]
    code_challenge_methods_supported: list[str] = ["S256"]
    token_endpoint_auth_methods_supported: list[str] = AUTHENTICATION
    revocation_endpoint_auth_methods_supported: list[str] = AUTHENTICATION
    introspection_endpoint_auth_methods_supported: list[str] = AUTHENTICATION[:2]
    dpop_signing_alg_values_supported: list[str] = list(ALGORITHMS)
    subject_types_supported: list[str] = ["public"]
    id_token_signing_alg_values_supported: list[str]
    claims_supported: list[str] = [
        *("sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "amr", "at_hash"),
        *("name", "given_name", "family_name", "picture", "updated_at", "email", "email_verified"),
    ]
    prompt_values_supported: list[str] = ["none", "login", "consent", "select_account"]
    claims_parameter_supported: bool = False
    request_parameter_supported: bool = False
    request_uri_parameter_supported: bool = False
    authorization_response_iss_parameter_supported: bool = True


@root_router.get("/.well-known/oauth-authorization-server")
async def get_server_metadata(application: App, answer: Answer) -> MetadataOut:
    """The metadata of the OAuth 2.1 server."""
    return _metadata(application, answer)


@root_router.get("/.well-known/openid-configuration")
async def get_openid_configuration(application: App, answer: Answer) -> MetadataOut:
    """The same for OpenID clients."""
    return _metadata(application, answer)


def _metadata(application: Application, answer: Answer) -> MetadataOut:
    answer.header("Cache-Control", f"public, max-age={MAX_AGE_SECONDS}")
    settings = application.settings
    base = settings.public_url.rstrip("/")
    return MetadataOut(
        issuer=settings.jwt_issuer,
        authorization_endpoint=f"{base}/oauth/authorize",
        token_endpoint=f"{base}/oauth/token",
        revocation_endpoint=f"{base}/oauth/revoke",
        introspection_endpoint=f"{base}/oauth/introspect",
        userinfo_endpoint=f"{base}/oauth/userinfo",
        jwks_uri=f"{base}/.well-known/jwks.json",
        scopes_supported=list(STANDARD),
        id_token_signing_alg_values_supported=[application.resolve(KeyRing).algorithm],
    )
