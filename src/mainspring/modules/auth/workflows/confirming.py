"""Asking a signed-in user for the password once more, before a delicate change (ASVS 7.5.1)."""

from mainspring.core.application import Application
from mainspring.core.context import Context
from mainspring.core.errors import Invalid
from mainspring.core.limits.failures import FailureLimit
from mainspring.core.security.principal import Principal

from ..errors import WrongPassword
from ..service import CredentialService, PasswordGuessService
from .judging_password import judge_password


async def confirm_password(
    application: Application, context: Context, caller: Principal, password: str | None, field: str
) -> str | None:
    """The stored hash of the password that was given; None for an account that has none, which needs to give none.

    Raises WrongPassword, TooManyRequests after five wrong ones, and Invalid naming `field` when a password is there and none was
    given. Never call it inside a unit of work.
    """
    async with application.reading(context) as uow:
        stored = await CredentialService(uow).hash_of(caller.id)
        device = await PasswordGuessService(uow).known_device(caller.id)
    if stored is None:
        return None
    if password is None:
        raise Invalid(details=[{"field": field, "message": "This field is required.", "code": "missing"}])
    async with application.resolve(FailureLimit).attempt(caller.email, context.address):
        judged = await judge_password(application, context, caller.email, device, password, stored)
        if not judged.verdict.matches:
            raise WrongPassword()
        async with application.unit(context) as uow:
            await judged.release(uow)
    return stored
