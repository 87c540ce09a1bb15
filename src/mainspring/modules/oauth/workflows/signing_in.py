"""Signing in on our own page."""

from mainspring.core.application import Application
from mainspring.core.context import Context
from mainspring.core.errors import Unauthenticated
from mainspring.modules.auth.ports import PAGE, SignInPage
from mainspring.modules.auth.rows import Entered, MfaRequired, PresentedRefresh, Tokens
from mainspring.modules.auth.service import RotationService, SessionService, hold_admissions

from ..service import GrantService


class SigningIn:
    """By the one gate, so limits and second factors hold. The session that the browser had before ends."""

    def __init__(self, application: Application, context: Context) -> None:
        self.application = application
        self.context = context
        self.pages: SignInPage = application.resolve(SignInPage)

    async def by_password(self, email: str, password: str, browser: str | None) -> Entered | MfaRequired:
        """Raises InvalidCredentials, TooManyRequests, Unavailable."""
        outcome = await self.pages.sign_in(self.context, email, password)
        if isinstance(outcome, Entered):
            await self._leave(browser, outcome.tokens)
        return outcome

    async def by_second_factor(self, mfa_token: str, shown: str, browser: str | None) -> Entered:
        """Raises MfaTokenInvalid, SecondFactorRefused, TooManyRequests."""
        entered = await self.pages.verify(self.context, mfa_token, shown)
        await self._leave(browser, entered.tokens)
        return entered

    async def _leave(self, browser: str | None, now: Tokens) -> None:
        if browser is None:
            return
        async with self.application.unit(self.context) as uow:
            try:
                row = await RotationService(uow).live(PresentedRefresh(browser, PAGE, lambda session_id: None))
            except Unauthenticated:
                return
            if row.user_id == now.user_id:
                await hold_admissions(uow, row.user_id)
                await GrantService(uow).follow(row.session_id, now.session_id)
            await SessionService(uow).end_several([row.session_id], "signed_in_again")
