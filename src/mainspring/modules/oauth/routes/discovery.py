"""What clients read first (RFC 8414, OpenID Connect Discovery 1.0)."""

from pydantic import BaseModel

from mainspring.core.application import Application
from mainspring.core.http import App, cache_control
from mainspring.core.security.dpop import ALGORITHMS
from mainspring.core.security.tokens import AccessTokens

from ..id_tokens import SECOND, SINGLE
from ..rows import CODE, CREDENTIALS, DEVICE, REFRESH
from ..scopes import STANDARD
from ..settings import Settings
from .router import root_router

KEPT = cache_control(300, shared=True)
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
    pushed_authorization_request_endpoint: str
    device_authorization_endpoint: str
    end_session_endpoint: str
    registration_endpoint: str | None = None
    scopes_supported: list[str]
    response_types_supported: list[str] = ["code"]
    response_modes_supported: list[str] = ["query"]
    grant_types_supported: list[str] = [CODE, REFRESH, CREDENTIALS, DEVICE]
    code_challenge_methods_supported: list[str] = ["S256"]
    token_endpoint_auth_methods_supported: list[str] = AUTHENTICATION
    revocation_endpoint_auth_methods_supported: list[str] = AUTHENTICATION
    introspection_endpoint_auth_methods_supported: list[str] = AUTHENTICATION[:2]
    dpop_signing_alg_values_supported: list[str] = list(ALGORITHMS)
    subject_types_supported: list[str] = ["public"]
    id_token_signing_alg_values_supported: list[str]
    claims_supported: list[str] = [
        *("sub", "sid", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash"),
        *("name", "given_name", "family_name", "picture", "updated_at", "email", "email_verified"),
    ]
    acr_values_supported: list[str] = [SINGLE, SECOND]
    prompt_values_supported: list[str] = ["none", "login", "consent", "select_account"]
    claims_parameter_supported: bool = False
    request_parameter_supported: bool = False
    request_uri_parameter_supported: bool = False
    require_pushed_authorization_requests: bool = False
    authorization_response_iss_parameter_supported: bool = True
    backchannel_logout_supported: bool = True
    backchannel_logout_session_supported: bool = True


@root_router.get("/.well-known/oauth-authorization-server", dependencies=[KEPT], response_model_exclude_none=True)
async def get_server_metadata(application: App) -> MetadataOut:
    """The metadata of the OAuth 2.1 server."""
    return _metadata(application)


@root_router.get("/.well-known/openid-configuration", dependencies=[KEPT], response_model_exclude_none=True)
async def get_openid_configuration(application: App) -> MetadataOut:
    """The same for OpenID clients."""
    return _metadata(application)


def _metadata(application: Application) -> MetadataOut:
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
        pushed_authorization_request_endpoint=f"{base}/oauth/par",
        device_authorization_endpoint=f"{base}/oauth/device_authorization",
        end_session_endpoint=f"{base}/oauth/logout",
        registration_endpoint=None if settings.section(Settings).registration == "off" else f"{base}/oauth/register",
        scopes_supported=list(STANDARD),
        id_token_signing_alg_values_supported=[application.resolve(AccessTokens).keys.algorithm],
    )
