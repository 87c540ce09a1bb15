"""What auth does when a process starts."""

from mainspring.core.application import Application
from mainspring.core.observability.logs import get_logger
from mainspring.modules.access.service import RoleService

from . import erasing

log = get_logger(__name__)


async def start(application: Application) -> None:
    """Have an eraser, and warn of roles in MFA__REQUIRED_ROLES that nobody can hold: they protect nothing."""
    await erasing.start(application)
    if not (required := set(application.settings.mfa.required_roles)):
        return
    async with application.reading() as uow:
        known = {one.role.name for one in await RoleService(uow).everything()}
    if unknown := sorted(required - known):
        log.warn("unknown_required_roles", setting="MFA__REQUIRED_ROLES", roles=unknown)
