"""Proving again that it is still oneself, so that delicate changes are let through for a while (ASVS 7.5.1)."""

from mainspring.core.application import Application
from mainspring.core.context import Context
from mainspring.core.errors import Invalid
from mainspring.core.limits.failures import FailureLimit
from mainspring.core.security.principal import Principal

from ..errors import PasskeyRefused, StepUpImpossible, WrongCode
from ..schemas import Assertion, StepUp
from ..service import FactorService, SessionService
from .confirming import confirm_password
from .passkeys import judged_passkey
from .showing import Judged, judge

MISSING_CODE = {"field": "code", "message": "Send a code of the authenticator app, or a recovery code.", "code": "missing"}


class SteppingUp:
    """Asks for everything that the account has: one stolen factor opens nothing."""

    def __init__(self, application: Application, context: Context) -> None:
        self.application = application
        self.context = context

    async def run(self, caller: Principal, wish: StepUp) -> None:
        """Raises Invalid for what is missing, WrongPassword, WrongCode, PasskeyRefused, StepUpImpossible, TooManyRequests."""
        if wish.passkey is not None:
            await self._with_passkey(caller, wish.passkey)
            return
        async with self.application.reading(self.context) as uow:
            has_second = bool(await FactorService(uow).methods_of(caller.id))
        if has_second and wish.code is None and wish.recovery_code is None:
            raise Invalid(details=[MISSING_CODE])
        stored = await confirm_password(self.application, self.context, caller, wish.password, "password")
        if stored is None and not has_second:
            raise StepUpImpossible()
        if not has_second:
            await self._note(caller, None)
            return
        async with self.application.resolve(FailureLimit).attempt(caller.email, self.context.address, kind="code"):
            judged = await judge(self.application, self.context, caller.id, wish, WrongCode)
            await self._note(caller, judged)

    async def _with_passkey(self, caller: Principal, used: Assertion) -> None:
        """One that checked who holds it is both factors at once."""
        async with self.application.resolve(FailureLimit).unguessed(self.context.address):
            shown = await judged_passkey(self.application, self.context, used, PasskeyRefused)
            async with self.application.unit(self.context) as uow:
                if not await FactorService(uow).use(caller.id, shown):
                    raise PasskeyRefused()
                await SessionService(uow).step_up(caller.id, caller.session_id, shown.method)

    async def _note(self, caller: Principal, judged: Judged | None) -> None:
        async with self.application.unit(self.context) as uow:
            if judged is not None:
                if judged.shown is None or not await FactorService(uow).use(caller.id, judged.shown):
                    raise WrongCode()
                await judged.release(uow)
            method = judged.shown.method if judged and judged.shown else None
            await SessionService(uow).step_up(caller.id, caller.session_id, method)
