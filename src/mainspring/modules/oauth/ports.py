"""What the provider needs from outside: a way to tell clients that somebody signed out."""

from typing import Protocol


class LogoutSender(Protocol):
    """Sends logout tokens to clients (OpenID Connect Back-Channel Logout 1.0), to places that `OUTGOING__...` allows."""

    def problem_of(self, url: str) -> str | None:
        """Why nothing may be sent to the address, in words for whoever registers it; None when it may."""
        ...

    async def send(self, url: str, token: str) -> int:
        """Send a token; the status of the answer. Raises AddressRefused, BootRefused without the library, and Unavailable."""
        ...
