"""`mainspring users ...`: accounts from the command line, by whoever runs the installation."""

import sys
from typing import Annotated
from uuid import UUID

import typer

from mainspring.core.application import Application
from mainspring.core.console import note, say, table, with_application

from .ports import AccountMaker
from .rows import Profile, UserRow
from .schemas import UserQuery
from .service import UserService

cli = typer.Typer(name="users", help="Accounts: list, create, disable, enable.", no_args_is_help=True)

Email = Annotated[str, typer.Option("--email", help="The address to sign in with.")]
Name = Annotated[str, typer.Option("--name", help="The person's name.")]
Roles = Annotated[list[str] | None, typer.Option("--role", help="A role; may be given several times. By default: user.")]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]
Address = Annotated[str, typer.Argument(help="The address of the account.")]
Limit = Annotated[int, typer.Option(min=1, max=100, help="Rows on a page.")]
PageNumber = Annotated[int, typer.Option(min=1, help="Which page.")]


@cli.command("list")
def list_users(limit: Limit = 50, page: PageNumber = 1) -> None:
    """Show the accounts, newest first."""

    async def deed(application: Application) -> list[Profile]:
        async with application.reading() as uow:
            return (await UserService(uow).find(UserQuery(limit=limit, page=page)))[1]

    rows = [
        (
            str(one.user.id),
            one.user.email,
            one.user.name,
            ",".join(one.roles) or "-",
            "active" if one.user.is_active else "disabled",
        )
        for one in with_application(deed)
    ]
    table(("ID", "EMAIL", "NAME", "ROLES", "STATUS"), rows)


@cli.command()
def create(email: Email, name: Name, role: Roles = None, password_stdin: FromStdin = False) -> None:
    """Make an account, and print its id."""
    _create(email, name, role or ["user"], password_stdin)


@cli.command("create-admin")
def create_admin(email: Email, name: Name, password_stdin: FromStdin = False) -> None:
    """Make an account that may do everything, and print its id. There is none until you make one."""
    _create(email, name, ["admin", "user"], password_stdin)


@cli.command()
def disable(email: Address) -> None:
    """Shut an account out and end its sessions."""
    _set_active(email, False)


@cli.command()
def enable(email: Address) -> None:
    """Let an account in again."""
    _set_active(email, True)


def _create(email: str, name: str, roles: list[str], password_stdin: bool) -> None:
    password = _password(password_stdin)

    async def deed(application: Application) -> UUID:
        return await application.resolve(AccountMaker).make(email, name, password, roles)

    say(str(with_application(deed)))
    note(f"{email} can sign in as {' and '.join(roles)}.")


def _password(from_stdin: bool) -> str:
    """The first line of standard input, or typed twice without being shown; never an argument, which everybody could see."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise typer.BadParameter("Give the password on standard input, with --password-stdin.")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))


def _set_active(email: str, is_active: bool) -> None:
    async def deed(application: Application) -> UserRow:
        async with application.unit() as uow:
            users = UserService(uow)
            return await users.set_active((await users.of_address(email)).id, is_active)

    user = with_application(deed)
    note(f"{user.email} is {'enabled' if is_active else 'disabled'}.")
