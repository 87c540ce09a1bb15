"""Roles: creating, changing and deleting them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from uuid import UUID

from mainspring.core.database import Page, Slice, UnitOfWork
from mainspring.core.errors import PreconditionFailed
from mainspring.core.security.permission import PERMISSIONS
from mainspring.core.security.principal import Principal
from mainspring.core.security.snapshots import Snapshots

from ..errors import BuiltInRole, PermissionNotFound, RoleNotFound, RoleTaken
from ..events import RoleCreated, RoleDeleted, RoleUpdated
from ..repository import ROLES, RoleRepository
from ..rows import RoleRow, RoleWithPermissions
from ..schemas import CreateRole, RoleQuery, UpdateRole
from .holdings import ADMIN, all_permissions
from .powers import Powers


class RoleService:
    """Nobody puts a permission into a role, or takes it out, that he does not hold himself."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.roles = RoleRepository(uow)

    async def get(self, name: str) -> RoleWithPermissions:
        """A role by name. Raises RoleNotFound."""
        role = await self.roles.by_name(name)
        if role is None:
            raise RoleNotFound(name)
        return (await self._with_permissions([role]))[0]

    async def find(self, query: RoleQuery) -> tuple[Page[RoleRow] | Slice[RoleRow], Sequence[RoleWithPermissions]]:
        """The roles that a query asks for: where the page stands, and its roles with what they hold."""
        found = await query.fetch(self.uow, ROLES)
        return found, await self._with_permissions(found.rows)

    async def everything(self) -> Sequence[RoleWithPermissions]:
        """Every role with what it holds, by name."""
        return await self._with_permissions(await self.roles.everything())

    async def create(self, caller: Principal | None, wish: CreateRole) -> RoleWithPermissions:
        """Make a role. Raises PermissionNotFound, BeyondOwnAccess, RoleTaken."""
        permissions = known(wish.permissions)
        (await Powers.of(self.uow, caller)).require(permissions)
        role = await self.roles.add(wish.name, wish.description)
        if role is None:
            raise RoleTaken()
        await self.roles.add_permissions(role.id, permissions)
        self.uow.publish(RoleCreated(role.id, role.name, permissions))
        return RoleWithPermissions(role, permissions)

    async def update(
        self, caller: Principal | None, name: str, wish: UpdateRole, version: int | None = None
    ) -> RoleWithPermissions:
        """Change the description or the permissions.

        Raises RoleNotFound, PermissionNotFound, BuiltInRole for admin's permissions, BeyondOwnAccess, PreconditionFailed.
        """
        await self.roles.lock(name)
        before = await self._in_version(name, version)
        permissions = before.permissions
        if wish.permissions is not None:
            permissions = known(wish.permissions)
            if name == ADMIN:
                raise BuiltInRole()
            (await Powers.of(self.uow, caller)).require(set(permissions) ^ set(before.permissions))
            await self.roles.remove_permissions(before.role.id, [p for p in before.permissions if p not in permissions])
            await self.roles.add_permissions(before.role.id, [p for p in permissions if p not in before.permissions])
        description = before.role.description if wish.description is None else wish.description
        if (description, permissions) == (before.role.description, before.permissions):
            return before
        role = await self.roles.describe(before.role.id, description)
        if role is None:
            raise RoleNotFound(name)
        self.uow.publish(RoleUpdated(role.id, role.name, permissions))
        self._forget_all()
        return RoleWithPermissions(role, permissions)

    async def delete(self, caller: Principal | None, name: str, version: int | None = None) -> None:
        """Delete a role and take it from everyone. Raises RoleNotFound, BuiltInRole, BeyondOwnAccess, PreconditionFailed."""
        await self.roles.lock(name)
        found = await self._in_version(name, version)
        if found.role.is_built_in:
            raise BuiltInRole()
        (await Powers.of(self.uow, caller)).require(found.permissions)
        await self.roles.delete(found.role.id)
        self.uow.publish(RoleDeleted(found.role.id, name, found.permissions))
        self._forget_all()

    async def _in_version(self, name: str, version: int | None) -> RoleWithPermissions:
        found = await self.get(name)
        if version is not None and found.role.version != version:
            raise PreconditionFailed()
        return found

    def _forget_all(self) -> None:
        self.uow.after_commit(self.uow.port(Snapshots).forget_all)

    async def _with_permissions(self, roles: Sequence[RoleRow]) -> Sequence[RoleWithPermissions]:
        held: dict[UUID, list[str]] = defaultdict(list)
        for row in await self.roles.permissions_of([role.id for role in roles]):
            held[row.role_id].append(row.permission)
        return [
            RoleWithPermissions(role, tuple(sorted(all_permissions() if role.name == ADMIN else held[role.id]))) for role in roles
        ]


def known(permissions: Iterable[str]) -> tuple[str, ...]:
    """The permissions, sorted and once each. Raises PermissionNotFound for one that no installed module declares."""
    names = tuple(sorted(set(permissions)))
    for name in names:
        if name not in PERMISSIONS:
            raise PermissionNotFound(near(name))
    return names


def near(name: str) -> list[str]:
    """The permissions that somebody may have meant."""
    return get_close_matches(name, map(str, PERMISSIONS), n=3, cutoff=0.6)
