"""`mainspring oauth clients ...`: clients from the command line, by whoever runs the installation."""

from typing import Annotated, TypeVar
from uuid import UUID

import typer
from pydantic import ValidationError

from mainspring.core.application import Application
from mainspring.core.console import note, say, table, with_application
from mainspring.core.http import Schema
from mainspring.modules.users.service import UserService

from .rows import DEVICE, ClientRow, ShownClient
from .schemas import ClientQuery, CreateClient, UpdateClient
from .service import ClientService

cli = typer.Typer(name="oauth", help="The OAuth 2.1 and OpenID provider.", no_args_is_help=True)
clients = typer.Typer(
    name="clients", help="OAuth clients: create, list, show, update, rotate-secret, delete.", no_args_is_help=True
)
cli.add_typer(clients)

Name = Annotated[str, typer.Argument(help="What people read on the consent page.")]
Public = Annotated[bool, typer.Option("--public", help="It runs where it can keep no secret: in a browser, on a phone.")]
Redirects = Annotated[list[str] | None, typer.Option("--redirect-uri", help="Where codes may go; may be given several times.")]
Departures = Annotated[
    list[str] | None, typer.Option("--post-logout-redirect-uri", help="Where people may go who signed out; several times.")
]
LogoutUri = Annotated[
    str | None, typer.Option("--backchannel-logout-uri", help="Where it hears that somebody signed out; empty for nowhere.")
]
WithSession = Annotated[
    bool | None,
    typer.Option("--backchannel-logout-session-required/--no-backchannel-logout-session-required", help="It needs the sid."),
]
NewName = Annotated[str | None, typer.Option("--name", help="What people read on the consent page.")]
Grants = Annotated[
    list[str] | None, typer.Option("--grant", help="authorization_code, refresh_token, client_credentials, " + DEVICE)
]
Scopes = Annotated[list[str] | None, typer.Option("--scope", help="A scope it may ask for; may be given several times.")]
Account = Annotated[str | None, typer.Option("--service-account", help="Address of the account it acts as by itself.")]
WishT = TypeVar("WishT", bound=Schema)
ClientId = Annotated[UUID, typer.Argument(help="The id of the client.")]
Limit = Annotated[int, typer.Option(min=1, max=100, help="Rows on a page.")]
PageNumber = Annotated[int, typer.Option(min=1, help="Which page.")]


@clients.command()
def create(
    name: Name,
    public: Public = False,
    redirect_uri: Redirects = None,
    post_logout_redirect_uri: Departures = None,
    grant: Grants = None,
    scope: Scopes = None,
    service_account: Account = None,
    backchannel_logout_uri: LogoutUri = None,
    backchannel_logout_session_required: WithSession = None,
) -> None:
    """Make a client and print its id, and its secret unless it is public. The secret is shown this once."""
    grants = grant or (["client_credentials"] if service_account else ["authorization_code", "refresh_token"])
    given = {
        "name": name,
        "kind": "public" if public else "confidential",
        "redirect_uris": redirect_uri or [],
        "post_logout_redirect_uris": post_logout_redirect_uri or [],
        "grants": grants,
        "scopes": scope or [],
        "backchannel_logout_uri": backchannel_logout_uri,
        "backchannel_logout_session_required": backchannel_logout_session_required or False,
    }

    async def deed(application: Application) -> ShownClient:
        async with application.unit() as uow:
            account = None if service_account is None else (await UserService(uow).of_address(service_account)).id
            return await ClientService(uow).create(None, _checked(CreateClient, {**given, "service_account_id": account}))

    _tell(with_application(deed))


@clients.command("list")
def list_clients(limit: Limit = 50, page: PageNumber = 1) -> None:
    """Show the clients, newest first."""

    async def deed(application: Application) -> list[ClientRow]:
        async with application.reading() as uow:
            return list((await ClientService(uow).find(ClientQuery(limit=limit, page=page))).rows)

    rows = with_application(deed)
    cells = [(str(row.id), row.name, row.kind, ",".join(row.grants), ",".join(row.scopes) or "-") for row in rows]
    table(("ID", "NAME", "KIND", "GRANTS", "SCOPES"), cells)
    if not rows:
        note("No clients.")


@clients.command()
def show(id: ClientId) -> None:
    """Show a client."""

    async def deed(application: Application) -> ClientRow:
        async with application.reading() as uow:
            return await ClientService(uow).get(id)

    row = with_application(deed)
    told = {
        "id": str(row.id),
        "name": row.name,
        "kind": row.kind,
        "redirect URIs": ", ".join(row.redirect_uris) or "-",
        "after signing out": ", ".join(row.post_logout_redirect_uris) or "-",
        "grants": ", ".join(row.grants),
        "scopes": ", ".join(row.scopes) or "-",
        "hears of logouts at": row.backchannel_logout_uri or "-",
        "service account": str(row.service_account_id or "-"),
        "registered itself": "yes" if row.registered_itself else "no",
        "created": f"{row.created_at:%Y-%m-%d %H:%M} UTC",
    }
    table(("WHAT", "VALUE"), list(told.items()))


@clients.command()
def update(
    id: ClientId,
    name: NewName = None,
    redirect_uri: Redirects = None,
    post_logout_redirect_uri: Departures = None,
    grant: Grants = None,
    scope: Scopes = None,
    backchannel_logout_uri: LogoutUri = None,
    backchannel_logout_session_required: WithSession = None,
) -> None:
    """Change what is named; a list takes the place of the old one. What is taken away counts from the next refresh on."""
    given = {
        "name": name,
        "redirect_uris": redirect_uri,
        "post_logout_redirect_uris": post_logout_redirect_uri,
        "grants": grant,
        "scopes": scope,
        "backchannel_logout_uri": backchannel_logout_uri,
        "backchannel_logout_session_required": backchannel_logout_session_required,
    }
    wish = _checked(UpdateClient, {key: value for key, value in given.items() if value not in (None, [])})

    async def deed(application: Application) -> ClientRow:
        async with application.unit() as uow:
            return await ClientService(uow).update(None, id, wish)

    note(f"Client {with_application(deed).id} is changed.")


@clients.command("rotate-secret")
def rotate_secret(id: ClientId) -> None:
    """Give a client another secret and print it. The old one is worth nothing at once."""

    async def deed(application: Application) -> ShownClient:
        async with application.unit() as uow:
            return await ClientService(uow).rotate(None, id)

    _tell(with_application(deed))


@clients.command()
def delete(id: ClientId) -> None:
    """Delete a client; its tokens are refused within a second."""

    async def deed(application: Application) -> None:
        async with application.unit() as uow:
            await ClientService(uow).delete(id)

    with_application(deed)
    note(f"Client {id} is deleted.")


def _tell(shown: ShownClient) -> None:
    say(str(shown.row.id))
    if shown.secret is not None:
        say(shown.secret)
        note("The first line is the client_id, the second the secret. It is not shown again.")


def _checked(kind: type[WishT], given: dict[str, object]) -> WishT:
    try:
        return kind.model_validate(given)
    except ValidationError as wrong:
        raise typer.BadParameter(wrong.errors()[0]["msg"]) from None
