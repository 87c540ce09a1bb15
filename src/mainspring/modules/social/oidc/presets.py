"""From the settings of a provider to the provider: what each kind has of its own."""

from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from ..ports import Provider, ProviderHttp
from ..settings import ProviderSettings
from .asking import Asking, Hosts
from .client_proofs import APPLE, ClientProof, secret_of, signed_by_apples_key
from .discovery import TENANT, Discovery
from .github import GithubProvider
from .provider import Client, OidcProvider

GOOGLE = "https://accounts.google.com"
GITHUB = "https://github.com"
MICROSOFT = "https://login.microsoftonline.com"
MICROSOFTS_OWN = "9188040d-6c67-4c5b-b112-36a304b66dad"  # the tenant of personal accounts, whose addresses Microsoft proves
SHARED_TENANTS = frozenset(("common", "organizations"))
SCOPES = ("openid", "email", "profile")
APPLES_SCOPES = ("openid", "email", "name")
GITHUBS_SCOPES = ("read:user", "user:email")
MORE_HOSTS = {
    "google": ("oauth2.googleapis.com", "openidconnect.googleapis.com", "www.googleapis.com"),
    "microsoft": ("graph.microsoft.com",),
}

MakeHttp = Callable[[str, Iterable[str]], ProviderHttp]


def provider_of(
    name: str, settings: ProviderSettings, make_http: MakeHttp, *, is_production: bool, keep_tokens: bool
) -> Provider:
    """A provider. Raises BootRefused for a key that cannot sign."""
    issuer = issuer_for(settings)
    hosts = [issuer.replace(TENANT, settings.tenant), *MORE_HOSTS.get(settings.kind, ()), *settings.hosts]
    if settings.kind == "github":
        hosts.append(settings.api_url)
    asking = Asking(name, make_http(name, hosts), Hosts(hosts, is_production=is_production))
    client = Client(
        name=name,
        label=settings.label,
        client_id=settings.client_id,
        scopes=_scopes(settings),
        proof=_proof(settings, issuer),
        keep_tokens=keep_tokens,
        posts_back=settings.kind == "apple",
        max_age=settings.max_age,
        acr_values=settings.acr_values,
        extra={"access_type": "offline"} if settings.kind == "google" and keep_tokens else None,
        vouches=("email_verified", "xms_edov") if settings.kind == "microsoft" else ("email_verified",),
        own_tenant=MICROSOFTS_OWN if settings.kind == "microsoft" else None,
    )
    if settings.kind == "github":
        return GithubProvider(client, asking, issuer, settings.api_url)
    return OidcProvider(client, Discovery(issuer, asking, settings.tenant))


def issuer_for(settings: ProviderSettings) -> str:
    """The issuer; that of the kind where none is given."""
    if settings.issuer:
        return settings.issuer.rstrip("/") if settings.kind == "github" else settings.issuer
    if settings.kind == "microsoft":
        tenant = MICROSOFTS_OWN if settings.tenant == "consumers" else settings.tenant
        return f"{MICROSOFT}/{TENANT if tenant in SHARED_TENANTS else tenant}/v2.0"
    return {"google": GOOGLE, "github": GITHUB, "apple": APPLE}[settings.kind]


def insecure(issuers: Iterable[str]) -> list[str]:
    """Those that are not https."""
    return [issuer for issuer in issuers if urlsplit(issuer).scheme != "https"]


def _scopes(settings: ProviderSettings) -> tuple[str, ...]:
    if settings.kind == "github":
        return settings.scopes or GITHUBS_SCOPES
    asked = settings.scopes or (APPLES_SCOPES if settings.kind == "apple" else SCOPES)
    return asked if "openid" in asked else ("openid", *asked)


def _proof(settings: ProviderSettings, issuer: str) -> ClientProof:
    if settings.kind == "apple" and settings.private_key is not None:
        pem = settings.private_key.get_secret_value().replace("\\n", "\n")
        return signed_by_apples_key(settings.client_id, settings.team_id, settings.key_id, pem, issuer)
    secret = settings.client_secret
    return secret_of(settings.client_id, secret.get_secret_value() if secret is not None else None)
