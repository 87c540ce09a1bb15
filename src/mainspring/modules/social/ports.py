"""What social needs from outside: providers, and a way to ask them over HTTP."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from .rows import Answer, Asked, Identity, LoggedOut


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A status and a body of at most the size that was allowed."""

    status: int
    body: bytes = field(repr=False)


class ProviderHttp(Protocol):
    """HTTP to one provider: no redirect is followed, no cookie kept. Each provider has its own breaker and slots.

    Both raise Unavailable when there is no answer in time, a server error, or one that is too long.
    """

    async def get(self, url: str, headers: Mapping[str, str]) -> HttpAnswer:
        """Read; may be tried again."""
        ...

    async def post(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> HttpAnswer:
        """Send a form, once."""
        ...


class Provider(Protocol):
    """One provider that is set up. Every method raises ProviderUnavailable when it does not answer."""

    name: str
    label: str
    issuer: str
    posts_back: bool

    async def address(self, asked: Asked) -> str:
        """Where the browser goes to sign in."""
        ...

    async def identity(self, answer: Answer) -> Identity:
        """Who came back. Raises SignInRefused for what proves nothing, NotFreshEnough."""
        ...

    async def logged_out(self, token: str | None) -> LoggedOut:
        """Who signed out there, told by the back channel. Raises LogoutTokenInvalid."""
        ...


class Providers(Protocol):
    """Those that are set up."""

    def of(self, name: str) -> Provider:
        """A provider by name. Raises ProviderNotFound."""
        ...

    def all(self) -> Sequence[Provider]:
        """All of them, in the order of the settings."""
        ...
