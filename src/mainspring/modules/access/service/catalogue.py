"""The permissions of the installed modules, learnt at a start (R-107)."""

from mainspring.core.application import Application
from mainspring.core.database import Page
from mainspring.core.security.permission import PERMISSIONS, Permission

from ..repository import RoleRepository


async def sync(application: Application) -> None:
    """Give each permission that this installation sees for the first time to its default roles.

    What administrators change later stays: a permission is given only once. Any number of processes may do this at once.
    """
    async with application.reading() as uow:
        known = await RoleRepository(uow).known()
    new = sorted(set(map(str, PERMISSIONS)) - known)
    if not new:
        return
    async with application.unit() as uow:
        roles = RoleRepository(uow)
        for name in new:
            if await roles.learn(name):
                for role_name in PERMISSIONS[name].roles:
                    role = await roles.by_name(role_name)
                    if role is not None:
                        await roles.add_permissions(role.id, [name])


def catalogue_page(page: int, limit: int) -> Page[Permission]:
    """A page of the permissions that installed modules declare, by name."""
    names = sorted(PERMISSIONS)
    start = (page - 1) * limit
    return Page([PERMISSIONS[name] for name in names[start : start + limit]], page, limit, len(names))
