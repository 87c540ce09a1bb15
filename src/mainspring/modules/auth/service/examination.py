"""What `mainspring doctor` tells of signing in: who opens everything with a password alone, and what would sign everybody out."""

from mainspring.core.application import Application
from mainspring.core.doctor import Finding
from mainspring.core.doctor.finding import advice
from mainspring.core.errors import Unavailable
from mainspring.modules.access.service import AssignmentService

from ..repository import PasskeyRepository, TotpRepository
from .stores import session_store

ADMIN = "admin"


async def examine(application: Application) -> list[Finding]:
    """Both."""
    return [*await _about_store(application), *await _about_administrators(application)]


async def _about_store(application: Application) -> list[Finding]:
    """A store of sessions that does not answer, or that loses them."""
    store = session_store(application)
    try:
        return [advice(sentence, cure) for sentence, cure in await store.risks()]
    except Unavailable:
        cure = "Start it, correct REDIS_URL, or set SESSION_STORE=database."
        return [Finding("SESSION_STORE is redis, and Redis does not answer: whoever is signed in gets 503.", cure)]
    finally:
        await store.close()


async def _about_administrators(application: Application) -> list[Finding]:
    """Administrators without a second factor, while none is demanded of them."""
    if ADMIN in application.settings.mfa.required_roles:
        return []
    async with application.reading() as uow:
        without = 0
        for user_id in await AssignmentService(uow).administrators():
            app = await TotpRepository(uow).of(user_id)
            has_app = app is not None and app.activated_at is not None
            without += not has_app and not await PasskeyRepository(uow).count(user_id)
    if not without:
        return []
    cure = "Let them set one up, and set MFA__REQUIRED_ROLES=admin, which demands it."
    return [Finding(f"{without} administrators have no second factor, and none is demanded.", cure)]
