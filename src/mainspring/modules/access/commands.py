"""`mainspring roles ...`: roles from the command line, by whoever runs the installation."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

import typer

from mainspring.core.application import Application
from mainspring.core.console import note, table, with_application
from mainspring.modules.users.service import UserService

from .rows import RoleWithPermissions
from .schemas import RoleQuery
from .service import AssignmentService, RoleService

cli = typer.Typer(name="roles", help="Roles: list, grant to and revoke from accounts.", no_args_is_help=True)

Address = Annotated[str, typer.Argument(help="The address of the account.")]
RoleName = Annotated[str, typer.Argument(help="The role.")]


@cli.command("list")
def list_roles() -> None:
    """Show the roles and what they hold."""

    async def deed(application: Application) -> list[RoleWithPermissions]:
        async with application.reading() as uow:
            return list((await RoleService(uow).find(RoleQuery(limit=100)))[1])

    roles = with_application(deed)
    table(
        ("ROLE", "DESCRIPTION", "PERMISSIONS"),
        [(one.role.name, one.role.description, ",".join(one.permissions)) for one in roles],
    )


@cli.command()
def grant(email: Address, role: RoleName) -> None:
    """Give a role to an account; it counts within a second."""
    _change(email, lambda assignments, user_id: assignments.assign(None, user_id, role))
    note(f"{email} holds {role}.")


@cli.command()
def revoke(email: Address, role: RoleName) -> None:
    """Take a role back from an account; it counts within a second."""
    _change(email, lambda assignments, user_id: assignments.unassign(None, user_id, role))
    note(f"{email} no longer holds {role}.")


def _change(email: str, change: Callable[[AssignmentService, UUID], Awaitable[object]]) -> None:
    async def deed(application: Application) -> None:
        async with application.unit() as uow:
            user = await UserService(uow).of_address(email)
            await change(AssignmentService(uow), user.id)

    with_application(deed)
