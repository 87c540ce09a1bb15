"""What users hold at this moment: the answer to core's `PermissionSource` (R-108, D-22)."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from mainspring.core import clock
from mainspring.core.application import Application
from mainspring.core.database import UnitOfWork
from mainspring.core.security.permission import PERMISSIONS
from mainspring.core.security.ports import Held

from ..repository import HoldingRepository

ADMIN = "admin"


class Holdings:
    """Adds up roles and unexpired grants, three statements for any number of users."""

    async def held(self, uow: UnitOfWork, user_ids: Sequence[UUID]) -> dict[UUID, Held]:
        """Roles and permissions of each user; who holds nothing is absent. Administrators hold every permission (R-107)."""
        repository = HoldingRepository(uow)
        roles: dict[UUID, set[str]] = defaultdict(set)
        permissions: dict[UUID, set[str]] = defaultdict(set)
        ends: dict[UUID, datetime] = {}
        held_roles = await repository.roles_of(user_ids)
        of_role: dict[UUID, list[str]] = defaultdict(list)
        if held_roles:
            for row in await repository.permissions_of_roles(list({held.role_id for held in held_roles})):
                of_role[row.role_id].append(row.permission)
        for held in held_roles:
            roles[held.user_id].add(held.name)
            permissions[held.user_id].update(of_role[held.role_id])
        for grant in await repository.grants_of(user_ids, clock.now()):
            permissions[grant.user_id].add(grant.permission)
            if grant.expires_at is not None:
                ends[grant.user_id] = min(grant.expires_at, ends.get(grant.user_id, grant.expires_at))
        return {
            user_id: Held(
                frozenset(roles[user_id]),
                all_permissions() if ADMIN in roles[user_id] else frozenset(permissions[user_id]),
                ends.get(user_id),
            )
            for user_id in {*roles, *permissions}
        }


def all_permissions() -> frozenset[str]:
    """Every permission that an installed module declares."""
    return frozenset(str(name) for name in PERMISSIONS)


def holdings(application: Application) -> Holdings:
    """The source for an application."""
    return Holdings()


async def personal_data(uow: UnitOfWork, user_id: UUID) -> dict[str, Any]:
    """The roles and permissions that the user has."""
    held = (await Holdings().held(uow, [user_id])).get(user_id, Held())
    return {"roles": sorted(held.roles), "permissions": sorted(held.permissions)}
