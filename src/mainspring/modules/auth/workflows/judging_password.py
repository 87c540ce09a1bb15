"""Judging a password. Nobody else does, so every door draws on the same budget; a test of the source says so."""

from dataclasses import dataclass
from uuid import UUID

from mainspring.core.application import Application
from mainspring.core.context import Context
from mainspring.core.database import UnitOfWork
from mainspring.core.security.passwords import Passwords, Verdict

from ..rows import Device
from ..service import PasswordGuessService


@dataclass(frozen=True, slots=True)
class JudgedPassword:
    """Whether it was right, and the try that this took."""

    verdict: Verdict
    guess_id: UUID | None

    async def release(self, uow: UnitOfWork) -> None:
        """It was right; it counts no more."""
        await PasswordGuessService(uow).release(self.guess_id)


async def judge_password(
    application: Application, context: Context, email: str, device: Device | None, password: str, stored: str | None
) -> JudgedPassword:
    """Write the try down, then look at the password. Never call it inside a unit of work.

    Raises TooManyRequests when the account, known or not, has no try left.
    """
    async with application.unit(context) as uow:
        guess_id = await PasswordGuessService(uow).reserve(email, device)
    return JudgedPassword(await application.resolve(Passwords).verify(password, stored), guess_id)
