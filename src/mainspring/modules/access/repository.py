"""The questions that access asks the database."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, or_, select, update

from mainspring.core import clock
from mainspring.core.database import (
    Listing,
    Repository,
    Statement,
    UtcDateTime,
    any_of,
    bind,
    insert_into,
    update_of,
    upsert,
)

from .models import Grant, KnownPermission, Role, RolePermission, UserRole
from .rows import AssignedRole, GrantRow, HeldRole, RolePermissionRow, RoleRow

ROLE = tuple(getattr(Role, field.name) for field in fields(RoleRow))
GRANT = tuple(getattr(Grant, field.name) for field in fields(GrantRow))
NOT_ENDED = or_(Grant.expires_at.is_(None), Grant.expires_at > bind("now", UtcDateTime))

ROLE_BY_NAME = Statement(select(*ROLE).where(Role.name == bind("name", Role.name)), RoleRow)
ROLES = Listing(select(*ROLE), RoleRow, sorts={"name": Role.name, "createdAt": Role.created_at}, default="name", key=Role.id)
EVERY_ROLE = Statement(select(*ROLE).order_by(Role.name), RoleRow)
PERMISSIONS_OF_ROLES = Statement(
    select(RolePermission.role_id, RolePermission.permission).where(any_of(RolePermission.role_id, "role_ids")), RolePermissionRow
)
LOCK_ROLE: Statement[None] = Statement(update(Role).where(Role.name == bind("name", Role.name)).values(name=Role.name))
ADD_ROLE = Statement(insert_into(Role).on_conflict_do_nothing(index_elements=[Role.name]).returning(*ROLE), RoleRow)
DESCRIBE_ROLE = Statement(
    update_of(Role)
    .where(Role.id == bind("id", Role.id))
    .values(description=bind("description", Role.description))
    .returning(*ROLE),
    RoleRow,
)
DELETE_ROLE: Statement[None] = Statement(delete(Role).where(Role.id == bind("id", Role.id)))
ADD_PERMISSION: Statement[None] = Statement(
    insert_into(RolePermission).on_conflict_do_nothing(index_elements=[RolePermission.role_id, RolePermission.permission])
)
REMOVE_PERMISSIONS: Statement[None] = Statement(
    delete(RolePermission).where(
        RolePermission.role_id == bind("role_id", RolePermission.role_id), any_of(RolePermission.permission, "permissions")
    )
)
KNOWN = Statement(select(KnownPermission.name), str)
LEARN = Statement(
    insert_into(KnownPermission).on_conflict_do_nothing(index_elements=[KnownPermission.name]).returning(KnownPermission.id), UUID
)

ROLES_OF = Statement(
    select(UserRole.user_id, UserRole.role_id, Role.name)
    .join_from(UserRole, Role, Role.id == UserRole.role_id)
    .where(any_of(UserRole.user_id, "user_ids")),
    HeldRole,
)
HOLDERS_OF = Statement(
    select(UserRole.user_id).join_from(UserRole, Role, Role.id == UserRole.role_id).where(Role.name == bind("name", Role.name)),
    UUID,
)
HOLDS_ROLE = Statement(
    select(UserRole.role_id)
    .join_from(UserRole, Role, Role.id == UserRole.role_id)
    .where(Role.name == bind("name", Role.name), UserRole.user_id == bind("user_id", UserRole.user_id)),
    UUID,
)
GIVE_ROLE: Statement[None] = Statement(
    insert_into(UserRole).on_conflict_do_nothing(index_elements=[UserRole.user_id, UserRole.role_id])
)
TAKE_ROLE: Statement[None] = Statement(
    delete(UserRole).where(
        UserRole.user_id == bind("user_id", UserRole.user_id), UserRole.role_id == bind("role_id", UserRole.role_id)
    )
)
ASSIGNED_TO = Statement(
    select(Role.name, UserRole.assigned_at, UserRole.assigned_by)
    .join_from(UserRole, Role, Role.id == UserRole.role_id)
    .where(UserRole.user_id == bind("user_id", UserRole.user_id))
    .order_by(Role.name),
    AssignedRole,
)
ROLES_WITH = Statement(
    select(Role.name)
    .join_from(RolePermission, Role, Role.id == RolePermission.role_id)
    .where(RolePermission.permission == bind("permission", RolePermission.permission))
    .order_by(Role.name),
    str,
)
GRANT_OF_ANY_TIME = Statement(
    select(*GRANT).where(
        Grant.user_id == bind("user_id", Grant.user_id), Grant.permission == bind("permission", Grant.permission)
    ),
    GrantRow,
)
GRANTS_OF = Statement(select(*GRANT).where(any_of(Grant.user_id, "user_ids"), NOT_ENDED), GrantRow)
GRANTS = Listing(
    select(*GRANT),
    GrantRow,
    filters={"user_id": Grant.user_id == bind("user_id", Grant.user_id), "now": NOT_ENDED},
    sorts={"permission": Grant.permission, "createdAt": Grant.created_at},
    default="permission",
    key=Grant.id,
)
PUT_GRANT = Statement(
    upsert(Grant, keys=("user_id", "permission"), change=("expires_at", "granted_by", "created_at")).returning(*GRANT), GrantRow
)
REVOKE: Statement[None] = Statement(
    delete(Grant).where(Grant.user_id == bind("user_id", Grant.user_id), Grant.permission == bind("permission", Grant.permission))
)


class RoleRepository(Repository):
    """Roles and what they hold."""

    async def by_name(self, name: str) -> RoleRow | None:
        """A role by name."""
        return await self.uow.one(ROLE_BY_NAME, name=name)

    async def everything(self) -> list[RoleRow]:
        """Every role, by name."""
        return await self.uow.all(EVERY_ROLE)

    async def permissions_of(self, role_ids: Sequence[UUID]) -> list[RolePermissionRow]:
        """What the roles hold."""
        return await self.uow.all(PERMISSIONS_OF_ROLES, role_ids=list(role_ids)) if role_ids else []

    async def lock(self, name: str) -> None:
        """Make everyone else who locks this role wait until this unit ends."""
        await self.uow.run(LOCK_ROLE, name=name)

    async def add(self, name: str, description: str, is_built_in: bool = False) -> RoleRow | None:
        """A new role; None when the name is taken."""
        return await self.uow.one(ADD_ROLE, name=name, description=description, is_built_in=is_built_in)

    async def describe(self, id: UUID, description: str) -> RoleRow | None:
        """Write the description, and count the version up; None when the role is gone."""
        return await self.uow.one(DESCRIBE_ROLE, id=id, description=description)

    async def delete(self, id: UUID) -> bool:
        """Delete a role; what refers to it goes with it."""
        return await self.uow.run(DELETE_ROLE, id=id) == 1

    async def add_permissions(self, role_id: UUID, permissions: Sequence[str]) -> None:
        """Put permissions into a role."""
        for permission in permissions:
            await self.uow.run(ADD_PERMISSION, role_id=role_id, permission=permission)

    async def remove_permissions(self, role_id: UUID, permissions: Sequence[str]) -> None:
        """Take permissions out of a role."""
        if permissions:
            await self.uow.run(REMOVE_PERMISSIONS, role_id=role_id, permissions=list(permissions))

    async def known(self) -> set[str]:
        """The permissions that this installation has seen."""
        return set(await self.uow.all(KNOWN))

    async def learn(self, permission: str) -> bool:
        """Note that a permission was seen; False when another process was first."""
        return await self.uow.value(LEARN, name=permission, seen_at=clock.now()) is not None


class HoldingRepository(Repository):
    """Which users hold which roles and grants."""

    async def roles_of(self, user_ids: Sequence[UUID]) -> list[HeldRole]:
        """The roles of the users."""
        return await self.uow.all(ROLES_OF, user_ids=list(user_ids)) if user_ids else []

    async def permissions_of_roles(self, role_ids: Sequence[UUID]) -> list[RolePermissionRow]:
        """What the roles hold."""
        return await self.uow.all(PERMISSIONS_OF_ROLES, role_ids=list(role_ids))

    async def grants_of(self, user_ids: Sequence[UUID], now: datetime) -> list[GrantRow]:
        """The grants of the users that have not ended."""
        return await self.uow.all(GRANTS_OF, user_ids=list(user_ids), now=now) if user_ids else []

    async def assigned_to(self, user_id: UUID) -> list[AssignedRole]:
        """The roles of a user, with who gave them when."""
        return await self.uow.all(ASSIGNED_TO, user_id=user_id)

    async def roles_with(self, permission: str) -> list[str]:
        """The roles that hold a permission, but for admin, which holds every one."""
        return await self.uow.all(ROLES_WITH, permission=permission)

    async def grant_of_any_time(self, user_id: UUID, permission: str) -> GrantRow | None:
        """The grant of a permission to a user, ended or not."""
        return await self.uow.one(GRANT_OF_ANY_TIME, user_id=user_id, permission=permission)

    async def holders_of(self, role: str) -> list[UUID]:
        """Who holds the role."""
        return await self.uow.all(HOLDERS_OF, name=role)

    async def holds_role(self, user_id: UUID, role: str) -> bool:
        """Whether the user holds the role."""
        return await self.uow.value(HOLDS_ROLE, user_id=user_id, name=role) is not None

    async def give_role(self, user_id: UUID, role_id: UUID, now: datetime, by: UUID | None) -> bool:
        """Give a role; False when the user holds it already."""
        return await self.uow.run(GIVE_ROLE, user_id=user_id, role_id=role_id, assigned_at=now, assigned_by=by) == 1

    async def take_role(self, user_id: UUID, role_id: UUID) -> bool:
        """Take a role back; False when the user does not hold it."""
        return await self.uow.run(TAKE_ROLE, user_id=user_id, role_id=role_id) == 1

    async def grant(
        self, user_id: UUID, permission: str, expires_at: datetime | None, now: datetime, by: UUID | None
    ) -> GrantRow:
        """Give a permission, or change the end of the grant there is."""
        return await self.uow.only(
            PUT_GRANT, user_id=user_id, permission=permission, expires_at=expires_at, created_at=now, granted_by=by
        )

    async def revoke(self, user_id: UUID, permission: str) -> bool:
        """Take a grant back; False when there is none."""
        return await self.uow.run(REVOKE, user_id=user_id, permission=permission) == 1
