"""Judging what somebody shows as the second factor. What is right here is used up afterwards, in the unit that acts on it."""

from dataclasses import dataclass
from uuid import UUID

from mainspring.core import clock
from mainspring.core.application import Application
from mainspring.core.context import Context
from mainspring.core.database import UnitOfWork
from mainspring.core.errors import MainspringError

from ..recovery import code_hash
from ..rows import Shown, ShownRecoveryCode, ShownStep, TotpRow
from ..schemas import SecondFactor
from ..service import FactorService, GuessService
from ..totp import TotpSecrets, step_of
from .passkeys import judged_passkey


@dataclass(frozen=True, slots=True)
class Judged:
    """What was shown, None when it is wrong; and the try that it took."""

    shown: Shown | None
    guess: UUID | None = None

    async def release(self, uow: UnitOfWork) -> None:
        """Give the try back, in the unit that used the code up: it was right."""
        if self.guess is not None:
            await GuessService(uow).release(self.guess)


async def judge(
    application: Application, context: Context, user_id: UUID, wish: SecondFactor, refusal: type[MainspringError]
) -> Judged:
    """What the user showed. Raises TooManyRequests when the hour's tries at codes are used up (D-39), and the refusal for a
    passkey that is none."""
    if wish.passkey is not None:
        return Judged(await judged_passkey(application, context, wish.passkey, refusal, needs_person=False))
    if wish.code is None:
        return Judged(ShownRecoveryCode(code_hash(wish.recovery_code)) if wish.recovery_code else None)
    guess = await _reserve(application, context, user_id)
    async with application.reading(context) as uow:
        factor = await FactorService(uow).active_totp(user_id)
    return Judged(_step_shown(application, factor, wish.code) if factor else None, guess)


async def judge_pending(application: Application, context: Context, user_id: UUID, code: str) -> Judged:
    """The same for an app that waits for its first code. Raises TotpActive, TotpNotActive, TooManyRequests."""
    async with application.reading(context) as uow:
        factor = await FactorService(uow).pending_totp(user_id)
    guess = await _reserve(application, context, user_id)
    return Judged(_step_shown(application, factor, code), guess)


async def _reserve(application: Application, context: Context, user_id: UUID) -> UUID:
    async with application.unit(context) as uow:
        return await GuessService(uow).reserve(user_id)


def _step_shown(application: Application, factor: TotpRow, code: str) -> ShownStep | None:
    secrets = TotpSecrets(application.settings)
    secret = secrets.open(factor.secret, factor.user_id)
    step = step_of(secret, code, clock.now(), application.settings.mfa.window)
    return None if step is None else ShownStep(factor, step, secrets.renewed(factor.secret, factor.user_id))
