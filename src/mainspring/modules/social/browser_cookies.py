"""The cookie that binds a sign-in to the browser that began it (RFC 9700 4.7.1): 32 random bytes, for ten minutes.

Its name makes the browser itself refuse one that a neighbouring host planted. Where the provider has the browser post a form
across sites, the cookie must travel with that, so it is another one, which is good for nothing else.
"""

from dataclasses import dataclass
from typing import Literal, Self

from mainspring.core.application import Application
from mainspring.core.http import Cookie

from .ports import Providers
from .settings import Settings

NAME, POSTED = "socialSignIn", "socialPostedSignIn"


@dataclass(frozen=True, slots=True)
class BrowserCookies:
    """How the cookie for one provider is called and set."""

    name: str
    is_secure: bool
    same_site: Literal["lax", "none"]
    application: Application

    @classmethod
    def of(cls, application: Application, provider: str) -> Self:
        """Raises ProviderNotFound."""
        posted = application.resolve(Providers).of(provider).posts_back
        name = cls.names(application)[posted]
        return cls(name, application.settings.is_production or posted, "none" if posted else "lax", application)

    @staticmethod
    def names(application: Application) -> tuple[str, str]:
        """Both names."""
        prefix = "__Host-" if application.settings.is_production else ""
        return prefix + NAME, prefix + POSTED

    def keep(self, secret: str) -> Cookie:
        """The cookie to set."""
        life = self.application.settings.section(Settings).attempt_life
        return Cookie(self.name, secret, life, secure=self.is_secure, same_site=self.same_site)
