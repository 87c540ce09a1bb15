"""Roles as a reviewed file: what a file wants, how that differs from what is, and making it so in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from mainspring.core.database import UnitOfWork
from mainspring.core.errors import Invalid
from mainspring.core.security.permission import PERMISSIONS

from ..repository import HoldingRepository
from ..rows import RoleWithPermissions
from ..schemas import CreateRole, RoleInFile, UpdateRole
from .holdings import ADMIN
from .roles import RoleService, near


@dataclass(frozen=True, slots=True)
class RoleChange:
    """What happens to one role. `holders` is how many accounts have it now."""

    name: str
    deed: Literal["create", "change", "delete", "keep"]
    description: tuple[str, str] | None = None  # before and after, where it changes
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    holders: int = 0

    @property
    def changes_something(self) -> bool:
        """Whether applying it writes anything."""
        return self.deed != "keep"


@dataclass(frozen=True, slots=True)
class RolePlan:
    """How the roles would change, by name. Those that the file does not name are kept unless it was to be pruned."""

    changes: tuple[RoleChange, ...] = ()
    wanted: Mapping[str, RoleInFile] = field(default_factory=dict)

    @property
    def changes_something(self) -> bool:
        """Whether applying it writes anything."""
        return any(change.changes_something for change in self.changes)


class RoleFiles:
    """Compares and applies. The system itself does it, so it may everything; each change leaves its row in the trail."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.service = RoleService(uow)

    async def now(self) -> Sequence[RoleWithPermissions]:
        """Every role but admin, which always holds everything, by name."""
        return [role for role in await self.service.everything() if role.role.name != ADMIN]

    async def plan(self, wanted: Mapping[str, RoleInFile], *, prune: bool = False) -> RolePlan:
        """How the roles would change. Raises Invalid with everything that is wrong in the file at once."""
        _refuse(wanted)
        current = {role.role.name: role for role in await self.now()}
        changes = []
        for name in sorted({*wanted, *current}):
            change = self._change(name, wanted.get(name), current.get(name), prune)
            if change is not None:
                changes.append(await self._with_holders(change))
        return RolePlan(tuple(changes), wanted)

    async def apply(self, plan: RolePlan) -> None:
        """Make it so, in the caller's transaction. The roles are read anew, so a plan that is old does no harm."""
        for change in plan.changes:
            wish = plan.wanted.get(change.name)
            if change.deed == "create" and wish is not None:
                await self.service.create(None, CreateRole(name=change.name, **wish.model_dump(exclude_none=True)))
            elif change.deed == "change" and wish is not None:
                await self.service.update(None, change.name, UpdateRole(**wish.model_dump(exclude_none=True)))
            elif change.deed == "delete":
                await self.service.delete(None, change.name)

    def _change(self, name: str, wish: RoleInFile | None, role: RoleWithPermissions | None, prune: bool) -> RoleChange | None:
        if wish is None:
            assert role is not None  # noqa: S101 - one of the two has the name
            if role.role.is_built_in:
                return None
            return RoleChange(name, "delete", removed=role.permissions) if prune else RoleChange(name, "keep")
        if role is None:
            return RoleChange(name, "create", ("", wish.description or ""), tuple(sorted(wish.permissions)))
        added = tuple(sorted(set(wish.permissions) - set(role.permissions)))
        removed = tuple(sorted(set(role.permissions) - set(wish.permissions)))
        before, after = role.role.description, wish.description
        description = None if after is None or after == before else (before, after)
        return RoleChange(name, "change", description, added, removed) if added or removed or description else None

    async def _with_holders(self, change: RoleChange) -> RoleChange:
        if change.deed == "create":
            return change
        holders = len(await HoldingRepository(self.uow).holders_of(change.name))
        return RoleChange(change.name, change.deed, change.description, change.added, change.removed, holders)


def _refuse(wanted: Mapping[str, RoleInFile]) -> None:
    """Raises Invalid for admin and for permissions that no installed module declares, with those that look like them."""
    wrong = []
    if ADMIN in wanted:
        wrong.append(_mistake(ADMIN, "The role admin holds every permission always; leave it out"))
    for name, role in wanted.items():
        for permission in role.permissions:
            if permission not in PERMISSIONS:
                close = near(permission)
                hint = f" Did you mean {close[0]}?" if close else ""
                wrong.append(_mistake(name, f"No module declares the permission {permission}, in the role {name}.{hint}"))
    if wrong:
        raise Invalid(details=wrong)


def _mistake(role: str, message: str) -> dict[str, str]:
    return {"field": f"roles.{role}", "message": message, "code": "not_allowed"}
