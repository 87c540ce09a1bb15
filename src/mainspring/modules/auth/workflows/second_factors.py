"""Setting up and removing second factors."""

from mainspring.core.application import Application
from mainspring.core.context import Context
from mainspring.core.limits.failures import FailureLimit
from mainspring.core.security.principal import Principal

from ..errors import TotpActive, WrongCode
from ..recovery import code_hash, new_codes
from ..rows import Enrolment, ShownStep
from ..schemas import ActivateTotp, CurrentPassword
from ..service import FactorService
from ..totp import TotpSecrets, address_of, new_secret, picture_of
from .confirming import confirm_password
from .showing import judge_pending


class SecondFactors:
    """The doors are open to those who proved lately who they are; see `RecentlyAuthenticated`."""

    def __init__(self, application: Application, context: Context) -> None:
        self.application = application
        self.context = context

    async def enroll(self, caller: Principal) -> Enrolment:
        """A secret for an authenticator app, which counts once its first code is shown. Raises TotpActive."""
        settings = self.application.settings
        secret = new_secret()
        address = address_of(secret, caller.email, settings.mfa.issuer or settings.service_name)
        sealed = TotpSecrets(settings).seal(secret, caller.id)
        async with self.application.unit(self.context) as uow:
            await FactorService(uow).enroll(caller.id, sealed)
        return Enrolment(secret, address, picture_of(address))

    async def activate(self, caller: Principal, wish: ActivateTotp) -> list[str]:
        """The recovery codes, once the app shows the right code. Raises WrongCode, TotpActive, TotpNotActive, TooManyRequests."""
        codes = new_codes()
        async with self.application.resolve(FailureLimit).attempt(caller.email, self.context.address, kind="code"):
            judged = await judge_pending(self.application, self.context, caller.id, wish.code)
            if not isinstance(judged.shown, ShownStep):
                raise WrongCode()
            async with self.application.unit(self.context) as uow:
                shown, hashes = judged.shown, map(code_hash, codes)
                if not await FactorService(uow).activate(caller, shown.factor, shown.step, hashes):
                    raise TotpActive()  # another request was faster
                await judged.release(uow)
        return codes

    async def disable(self, caller: Principal, wish: CurrentPassword | None) -> None:
        """Raises WrongPassword, Invalid, TotpNotActive, TooManyRequests."""
        await self._confirm(caller, wish)
        async with self.application.unit(self.context) as uow:
            await FactorService(uow).disable(caller)

    async def renew_codes(self, caller: Principal, wish: CurrentPassword | None) -> list[str]:
        """Other recovery codes. Raises WrongPassword, Invalid, TotpNotActive, TooManyRequests."""
        await self._confirm(caller, wish)
        codes = new_codes()
        async with self.application.unit(self.context) as uow:
            await FactorService(uow).renew_codes(caller.id, map(code_hash, codes))
        return codes

    async def _confirm(self, caller: Principal, wish: CurrentPassword | None) -> None:
        password = wish.current_password if wish else None
        await confirm_password(self.application, self.context, caller, password, "currentPassword")
