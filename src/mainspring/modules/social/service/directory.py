"""The providers that are set up, each with a client of its own, so that one that is down takes no other along."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from mainspring.core.adapters import adapter
from mainspring.core.application import Application
from mainspring.core.module import BootRefused
from mainspring.core.resilience import Policy, guarded

from ..errors import ProviderNotFound
from ..next_paths import is_own_path
from ..oidc.presets import insecure, issuer_for, provider_of
from ..ports import Provider, ProviderHttp
from ..settings import ProviderSettings, Settings

ADAPTER = "provider_http:provider_http"


class Directory:
    """`Providers`."""

    def __init__(self, providers: Sequence[Provider]) -> None:
        self._providers = {provider.name: provider for provider in providers}

    def of(self, name: str) -> Provider:
        """A provider by name. Raises ProviderNotFound."""
        found = self._providers.get(name)
        if found is None:
            raise ProviderNotFound()
        return found

    def all(self) -> Sequence[Provider]:
        """All of them."""
        return list(self._providers.values())


def providers(application: Application) -> Directory:
    """Those of the settings. Raises BootRefused for what is half set up, or not safe in production."""
    core, section = application.settings, application.settings.section(Settings)
    found = {**_google(application), **section.providers}
    if not is_own_path(section.default_next):
        raise BootRefused("SOCIAL__DEFAULT_NEXT must be a path of this site, such as /account.")
    if section.pages_url and section.pages_url != core.public_url and section.pages_url not in core.allowed_origins:
        raise BootRefused("SOCIAL__PAGES_URL must be one of ALLOWED_ORIGINS.")
    if core.is_production:
        for issuer in insecure(map(issuer_for, found.values())):
            raise BootRefused(f"SOCIAL__PROVIDERS names {issuer}, which must start with https:// in production.")
    return Directory(
        [
            provider_of(
                name,
                settings,
                lambda name, hosts: http_for(application, f"social {name}", section.timeout, hosts),
                is_production=core.is_production,
                keep_tokens=section.keep_tokens,
            )
            for name, settings in found.items()
        ]
    )


def http_for(application: Application, name: str, timeout: timedelta, hosts: Iterable[str]) -> ProviderHttp:
    """HTTP to the hosts of one provider, guarded."""
    make = adapter(ADAPTER, extra="social")
    policy = Policy(
        name,
        deadline=timeout + timedelta(seconds=1),
        timeout=timeout,
        attempts=2,
        idempotent=frozenset({"get"}),
        concurrency=16,
        queue=64,
    )
    http: ProviderHttp = guarded(make, policy)(application, timeout.total_seconds(), hosts)
    return http


def _google(application: Application) -> dict[str, ProviderSettings]:
    """Google by the names that other guides use. Raises BootRefused when one of the two is missing."""
    settings = application.settings
    if settings.google_client_id is None and settings.google_client_secret is None:
        return {}
    if settings.google_client_id is None or settings.google_client_secret is None:
        missing = "GOOGLE_CLIENT_ID" if settings.google_client_id is None else "GOOGLE_CLIENT_SECRET"
        raise BootRefused(f"{missing} is missing: sign-in with Google needs both.")
    return {
        "google": ProviderSettings(
            kind="google",
            label="Google",
            client_id=settings.google_client_id,
            client_secret=settings.google_client_secret,
            redirect_uri=settings.google_redirect_uri or "",
        )
    }
