"""What modules above auth get done here: signing in on a page, and the tokens of OAuth clients."""

from collections.abc import Callable
from uuid import UUID

from pydantic import ValidationError

from mainspring.core.application import Application
from mainspring.core.context import Context
from mainspring.core.security.tokens import AccessToken, ForClient

from ..errors import InvalidCredentials, MfaTokenInvalid, SecondFactorRefused
from ..ports import CLIENT, PAGE
from ..rows import Entered, MfaRequired, PresentedRefresh, Tokens
from ..schemas import Login, VerifyMfa
from ..service.issuing import issue_for_client
from .completing import Completing
from .refreshing import Refreshing
from .signing_in import SigningIn


class SignsInOnPages:
    """The `SignInPage` of auth."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def sign_in(self, context: Context, email: str, password: str) -> Entered | MfaRequired:
        """Raises InvalidCredentials, also for what is no address at all, TooManyRequests, Unavailable."""
        try:
            login = Login(email=email, password=password)
        except ValidationError:
            raise InvalidCredentials() from None
        return await SigningIn(self.application, context).enter(login, PAGE)

    async def verify(self, context: Context, mfa_token: str, shown: str) -> Entered:
        """Raises MfaTokenInvalid, also for a sign-in that began elsewhere, SecondFactorRefused, TooManyRequests."""
        field = "code" if shown.strip().isdigit() else "recovery_code"
        try:
            wish = VerifyMfa.model_validate({"mfa_token": mfa_token, field: shown})
        except ValidationError:
            raise SecondFactorRefused() from None
        return await Completing(self.application, context).enter(wish, _of_a_page)


class HandsTokensToClients:
    """The `ClientTokens` of auth."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def refresh(self, context: Context, token: str, confirm: Callable[[UUID], None]) -> Tokens:
        """Raises RefreshTokenInvalid, RefreshTokenExpired, RefreshTokenRevoked, RefreshTokenReused."""
        return (await Refreshing(self.application, context).rotate(PresentedRefresh(token, CLIENT, confirm))).tokens

    def sign(self, tokens: Tokens, client: ForClient) -> AccessToken:
        """An access token of the session."""
        return issue_for_client(self.application, tokens, client)


def _of_a_page(transport: str) -> None:
    if transport != PAGE:
        raise MfaTokenInvalid()
