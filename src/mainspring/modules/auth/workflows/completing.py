"""The second step of a sign-in."""

from collections.abc import Callable

from mainspring.core.application import Application
from mainspring.core.context import Context
from mainspring.core.limits.failures import FailureLimit
from mainspring.core.observability import security_events
from mainspring.modules.users.service import UserService

from ..errors import MfaTokenInvalid, SecondFactorRefused
from ..rows import Challenge, Entered, SignedInAs
from ..schemas import VerifyMfa
from ..service import Admission, issue
from .showing import judge


class Completing:
    """Looks at the token, writes the try down, judges the code, then uses both up and opens the session in one unit."""

    def __init__(self, application: Application, context: Context) -> None:
        self.application = application
        self.context = context

    async def run(self, wish: VerifyMfa, confirm: Callable[[str], None]) -> SignedInAs:
        """Raises MfaTokenInvalid, SecondFactorRefused, TooManyRequests, and what `confirm` raises for the session's transport."""
        return issue(self.application, await self.enter(wish, confirm))

    async def enter(self, wish: VerifyMfa, confirm: Callable[[str], None]) -> Entered:
        """The same without an access token."""
        limit = self.application.resolve(FailureLimit)
        async with limit.unguessed(self.context.address):
            challenge, email = await self._look(wish.mfa_token)
        confirm(challenge.transport)
        async with limit.attempt(email, self.context.address, kind="code"):
            try:
                return await self._complete(challenge, wish)
            except SecondFactorRefused:
                security_events.failed_login(email=email, ip=self.context.address)
                raise

    async def _look(self, token: str) -> tuple[Challenge, str]:
        async with self.application.reading(self.context) as uow:
            challenge = await Admission(uow).waiting(token)
            standing = await UserService(uow).standing([challenge.user_id]) if challenge else {}
        if challenge is None or challenge.user_id not in standing:
            raise MfaTokenInvalid()
        return challenge, standing[challenge.user_id].email

    async def _complete(self, challenge: Challenge, wish: VerifyMfa) -> Entered:
        judged = await judge(self.application, self.context, challenge.user_id, wish, SecondFactorRefused)
        if judged.shown is None:
            raise SecondFactorRefused()
        async with self.application.unit(self.context) as uow:
            entered = await Admission(uow).complete(wish.mfa_token, challenge.user_id, judged.shown)
            await judged.release(uow)
        return entered
