"""Sending a browser to a provider."""

from dataclasses import dataclass, field, replace

from mainspring.core.application import Application
from mainspring.core.context import Context
from mainspring.core.security.principal import Principal

from ..errors import NextRefused
from ..next_paths import is_own_path
from ..ports import Provider, Providers
from ..rows import Asked
from ..secrecy import is_secret
from ..service import AttemptService, Secrets, Wish
from ..settings import Settings

CALLBACK = "/api/v1/auth/social/{name}/callback"


@dataclass(frozen=True, slots=True)
class Sent:
    """Where the browser goes, and the secret that it keeps meanwhile."""

    address: str = field(repr=False)
    browser: str = field(repr=False)


class Beginning:
    """Asks the provider for its address first; an attempt is kept only once there is somewhere to go."""

    def __init__(self, application: Application, context: Context) -> None:
        self.application = application
        self.context = context
        self.settings = application.settings.section(Settings)

    async def run(self, name: str, wish: Wish, browser: str | None, linker: Principal | None = None) -> Sent:
        """`browser` is the secret that the browser holds already, so that two tabs do not end each other's sign-in.

        Raises ProviderNotFound, NextRefused, ProviderUnavailable.
        """
        provider = self.application.resolve(Providers).of(name)
        wish = replace(wish, next=wish.next or self.settings.default_next)
        if not is_own_path(wish.next):
            raise NextRefused()
        secrets = Secrets(browser=browser) if browser is not None and is_secret(browser) else Secrets()
        asked = Asked(secrets.state, secrets.nonce, secrets.verifier, redirect_uri(self.application, provider))
        address = await provider.address(asked)
        async with self.application.unit(self.context) as uow:
            await AttemptService(uow).begin(provider, secrets, wish, self.settings.attempt_life, linker)
        return Sent(address, secrets.browser)


def redirect_uri(application: Application, provider: Provider) -> str:
    """Where the provider sends the browser back: a path of its own, so that providers cannot be mixed up (RFC 9700 4.4)."""
    settings = application.settings
    given = settings.section(Settings).providers.get(provider.name)
    chosen = given.redirect_uri if given is not None else settings.google_redirect_uri
    return chosen or settings.public_url + CALLBACK.format(name=provider.name)
