"""What `mainspring doctor` tells of signing in: administrators whose password alone opens everything."""

from mainspring.core.application import Application
from mainspring.core.doctor import Finding
from mainspring.modules.access.service import AssignmentService

from ..repository import PasskeyRepository, TotpRepository

ADMIN = "admin"


async def examine(application: Application) -> list[Finding]:
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
