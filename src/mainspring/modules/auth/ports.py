"""What auth does for the modules above it that open other ways in."""

from collections.abc import Callable
from typing import Protocol
from uuid import UUID

from mainspring.core.context import Context
from mainspring.core.security.tokens import AccessToken, ForClient

from .rows import Entered, MfaRequired, Tokens


class SignInPage(Protocol):
    """Signing in on a page of our own, with the limits and the second factor of every other way."""

    async def sign_in(self, context: Context, email: str, password: str) -> Entered | MfaRequired:
        """Raises InvalidCredentials, TooManyRequests, Unavailable."""
        ...

    async def verify(self, context: Context, mfa_token: str, shown: str) -> Entered:
        """The second step; `shown` is a code of the app, or else a recovery code.

        Raises MfaTokenInvalid, SecondFactorRefused, TooManyRequests.
        """
        ...


class ClientTokens(Protocol):
    """The tokens of sessions that OAuth clients have. Their refresh tokens are rotated as everybody's (D-04)."""

    async def refresh(self, context: Context, token: str, confirm: Callable[[UUID], None]) -> Tokens:
        """The next refresh token. What `confirm` raises for the session is raised before anything changes.

        Raises RefreshTokenInvalid, RefreshTokenExpired, RefreshTokenRevoked, RefreshTokenReused.
        """
        ...

    def sign(self, tokens: Tokens, client: ForClient) -> AccessToken:
        """An access token of the session; about 0.8 ms of processor time, so never inside a unit of work."""
        ...
