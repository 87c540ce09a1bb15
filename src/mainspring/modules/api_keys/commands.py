"""`mainspring api-keys ...`: keys from the command line, by whoever runs the installation."""

from typing import Annotated
from uuid import UUID

import typer
from pydantic import ValidationError

from mainspring.core.application import Application
from mainspring.core.console import note, say, table, with_application
from mainspring.modules.users.service import UserService

from .rows import KeyRow, ShownKey
from .schemas import CreateKey, CreateServiceAccount, KeyOut, KeyQuery
from .service import KeyService, ServiceAccounts

cli = typer.Typer(name="api-keys", help="API keys: create, list, revoke; service accounts.", no_args_is_help=True)

Address = Annotated[str, typer.Argument(help="The address of the account that owns the key.")]
Name = Annotated[str, typer.Option("--name", help="What the key is for.")]
Scopes = Annotated[list[str] | None, typer.Option("--scope", help="A permission; may be given several times.")]
ExpiresIn = Annotated[str | None, typer.Option("--expires-in", help="How long it lives, such as 30d.")]
PerMinute = Annotated[int | None, typer.Option("--per-minute", min=1, help="Requests a minute.")]
Of = Annotated[str | None, typer.Option("--account", help="Only those of the account with this address.")]
KeyId = Annotated[UUID, typer.Argument(help="The id of the key.")]
AccountName = Annotated[str, typer.Argument(help="What the account is for.")]
Roles = Annotated[list[str] | None, typer.Option("--role", help="A role; may be given several times.")]
Limit = Annotated[int, typer.Option(min=1, max=100, help="Rows on a page.")]
PageNumber = Annotated[int, typer.Option(min=1, help="Which page.")]


@cli.command()
def create(email: Address, name: Name, scope: Scopes = None, expires_in: ExpiresIn = None, per_minute: PerMinute = None) -> None:
    """Make a key and print it. It is shown this once."""
    wish = _checked(name=name, scopes=scope or [], expires_in=expires_in, requests_per_minute=per_minute)

    async def deed(application: Application) -> ShownKey:
        async with application.unit() as uow:
            owner = await UserService(uow).of_address(email)
            return await KeyService(uow).create_for(owner.id, wish)

    shown = with_application(deed)
    say(shown.text)
    note(f"Key {shown.row.id} of {email}, until {shown.row.expires_at:%Y-%m-%d %H:%M} UTC. It is not shown again.")


@cli.command("list")
def list_keys(account: Of = None, limit: Limit = 50, page: PageNumber = 1) -> None:
    """Show the keys, newest first."""

    async def deed(application: Application) -> list[KeyRow]:
        async with application.reading() as uow:
            owner = None if account is None else (await UserService(uow).of_address(account)).id
            return list((await KeyService(uow).of_account(owner, KeyQuery(limit=limit, page=page))).rows)

    keys = [KeyOut.of(row) for row in with_application(deed)]
    table(("ID", "NAME", "OWNER", "STATUS", "EXPIRES", "LAST USED", "SCOPES"), [_cells(key) for key in keys])
    if not keys:
        note("No keys.")


@cli.command()
def revoke(id: KeyId) -> None:
    """Revoke a key; it is refused within a second."""

    async def deed(application: Application) -> None:
        async with application.unit() as uow:
            await KeyService(uow).revoke(None, id)

    with_application(deed)
    note(f"Key {id} is revoked.")


@cli.command("service-account")
def service_account(name: AccountName, role: Roles = None) -> None:
    """Make an account for a program, and print its address."""
    try:
        wish = CreateServiceAccount(name=name, roles=role or [])
    except ValidationError as wrong:
        raise typer.BadParameter(wrong.errors()[0]["msg"]) from None

    async def deed(application: Application) -> str:
        async with application.unit() as uow:
            return (await ServiceAccounts(uow).create(None, wish)).user.email

    say(with_application(deed))


def _checked(**given: object) -> CreateKey:
    try:
        return CreateKey.model_validate(given)
    except ValidationError as wrong:
        raise typer.BadParameter(wrong.errors()[0]["msg"]) from None


def _cells(key: KeyOut) -> tuple[str, ...]:
    used = f"{key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never"
    expires = f"{key.expires_at:%Y-%m-%d}"
    return (str(key.id), key.name, str(key.user_id), key.status, expires, used, ",".join(key.scopes) or "-")
