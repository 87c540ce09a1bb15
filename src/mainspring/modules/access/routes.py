"""Roles, permissions and grants over REST."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query

from mainspring.core.errors import Conflict
from mainspring.core.http import Answer, IfMatch, PageOut, ReadUnit, Router, WriteUnit, pagination_of, problems
from mainspring.modules.users.errors import UserNotFound

from .errors import (
    BeyondOwnAccess,
    BuiltInRole,
    GrantNotFound,
    LastAdministrator,
    OwnAccess,
    PermissionNotFound,
    RoleNotFound,
    RoleNotHeld,
    RoleTaken,
)
from .permissions import Explainer, GrantManager, RoleAssigner, RoleManager, RoleReader
from .schemas import (
    AssignRole,
    CreateRole,
    ExplanationOut,
    ExplanationQuery,
    GrantOut,
    GrantPermission,
    GrantQuery,
    PermissionOut,
    PermissionQuery,
    ReplaceRoles,
    RoleName,
    RoleOut,
    RoleQuery,
    UpdateRole,
    UserRolesOut,
)
from .service import AssignmentService, ExplainingService, GrantService, RoleService, catalogue_page

router = Router(tags=["access"])
Name = Annotated[RoleName, Path()]


@router.get("/permissions")
async def list_permissions(query: Annotated[PermissionQuery, Query()], caller: RoleReader) -> PageOut[PermissionOut]:
    """Every permission that an installed module declares."""
    found = catalogue_page(query.page, query.limit)
    return PageOut[PermissionOut](data=PermissionOut.list_of(found.rows), pagination=pagination_of(found))


@router.get("/roles")
async def list_roles(query: Annotated[RoleQuery, Query()], caller: RoleReader, uow: ReadUnit) -> PageOut[RoleOut]:
    """The roles and what they hold."""
    found, roles = await RoleService(uow).find(query)
    return PageOut[RoleOut](data=RoleOut.list_of(roles), pagination=pagination_of(found))


@router.post("/roles", status_code=201, responses=problems(RoleTaken, PermissionNotFound, BeyondOwnAccess))
async def create_role(body: CreateRole, caller: RoleManager, uow: WriteUnit, answer: Answer) -> RoleOut:
    """Make a role."""
    role = await RoleService(uow).create(caller, body)
    answer.location(f"/api/v1/roles/{role.role.name}")
    return RoleOut.of(role)


@router.get("/roles/{name}", responses=problems(RoleNotFound))
async def get_role(name: Name, caller: RoleReader, uow: ReadUnit) -> RoleOut:
    """A role and what it holds."""
    return RoleOut.of(await RoleService(uow).get(name))


@router.patch("/roles/{name}", responses=problems(RoleNotFound, PermissionNotFound, BuiltInRole, BeyondOwnAccess))
async def update_role(name: Name, body: UpdateRole, caller: RoleManager, uow: WriteUnit, expected: IfMatch) -> RoleOut:
    """Change a role; its holders feel it within a second, and stay signed in."""
    return RoleOut.of(await RoleService(uow).update(caller, name, body, expected))


@router.delete("/roles/{name}", status_code=204, responses=problems(RoleNotFound, BuiltInRole, BeyondOwnAccess))
async def delete_role(name: Name, caller: RoleManager, uow: WriteUnit, expected: IfMatch) -> None:
    """Delete a role and take it from everyone."""
    await RoleService(uow).delete(caller, name, expected)


@router.get("/users/{id}/roles", responses=problems(UserNotFound))
async def list_roles_of_user(id: UUID, caller: RoleReader, uow: ReadUnit) -> UserRolesOut:
    """The roles of a user."""
    return UserRolesOut(user_id=id, roles=await AssignmentService(uow).roles_of(id))


@router.put("/users/{id}/roles", responses=problems(UserNotFound, RoleNotFound, OwnAccess, BeyondOwnAccess, LastAdministrator))
async def replace_roles_of_user(id: UUID, body: ReplaceRoles, caller: RoleAssigner, uow: WriteUnit) -> UserRolesOut:
    """Make these the roles of a user."""
    return UserRolesOut(user_id=id, roles=await AssignmentService(uow).replace(caller, id, body.roles))


@router.post("/users/{id}/roles", responses=problems(UserNotFound, RoleNotFound, OwnAccess, BeyondOwnAccess, Conflict))
async def assign_role(id: UUID, body: AssignRole, caller: RoleAssigner, uow: WriteUnit) -> UserRolesOut:
    """Give a role to a user; 409 when the role is deleted at the same moment."""
    return UserRolesOut(user_id=id, roles=await AssignmentService(uow).assign(caller, id, body.role))


@router.delete(
    "/users/{id}/roles/{name}",
    status_code=204,
    responses=problems(UserNotFound, RoleNotHeld, OwnAccess, BeyondOwnAccess, LastAdministrator),
)
async def unassign_role(id: UUID, name: Name, caller: RoleAssigner, uow: WriteUnit) -> None:
    """Take a role back from a user."""
    await AssignmentService(uow).unassign(caller, id, name)


@router.get("/users/{id}/grants", responses=problems(UserNotFound))
async def list_grants_of_user(
    id: UUID, query: Annotated[GrantQuery, Query()], caller: RoleReader, uow: ReadUnit
) -> PageOut[GrantOut]:
    """The grants of a user that have not ended."""
    return PageOut[GrantOut].of(await GrantService(uow).of_user(id, query))


@router.post(
    "/users/{id}/grants", status_code=201, responses=problems(UserNotFound, PermissionNotFound, OwnAccess, BeyondOwnAccess)
)
async def grant_permission(id: UUID, body: GrantPermission, caller: GrantManager, uow: WriteUnit, answer: Answer) -> GrantOut:
    """Give a permission to a user, for a time or until it is taken back (R-109)."""
    grant = await GrantService(uow).grant(caller, id, body.permission, lasting=body.lasting, until=body.expires_at)
    answer.location(f"/api/v1/users/{id}/grants/{grant.permission}")
    return GrantOut.of(grant)


@router.delete(
    "/users/{id}/grants/{permission}",
    status_code=204,
    responses=problems(UserNotFound, GrantNotFound, OwnAccess, BeyondOwnAccess),
)
async def revoke_permission(id: UUID, permission: str, caller: GrantManager, uow: WriteUnit) -> None:
    """Take a permission back from a user."""
    await GrantService(uow).revoke(caller, id, permission)


@router.get("/access/explanation", responses=problems(UserNotFound, PermissionNotFound))
async def explain_access(query: Annotated[ExplanationQuery, Query()], caller: Explainer, uow: ReadUnit) -> ExplanationOut:
    """Why somebody may or may not do something: oneself, or with `access:explain` anybody."""
    user_id = query.user_id or caller.id
    return ExplanationOut.of(await ExplainingService(uow).explain(caller, user_id, query.permission, query.thing))
