"""`mainspring access explain|export|plan|apply|matrix`: who may do what, for people who review it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from mainspring.core.console import coloured, note, say, warn, with_application

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

    from mainspring.core.application import Application
    from mainspring.modules.access.rows import Explanation, RoleWithPermissions
    from mainspring.modules.access.schemas import RoleInFile
    from mainspring.modules.access.service import RoleChange, RolePlan

app = typer.Typer(name="access", help="Who may do what: explain, roles as a file, the matrix of routes.", no_args_is_help=True)

User = Annotated[str, typer.Argument(help="The address of the account.")]
PermissionOf = Annotated[str, typer.Argument(help="The permission, such as orders:read.")]
Resource = Annotated[str | None, typer.Option("--resource", help="A thing that may be one's own, such as order:<id>.")]
RolesPath = Annotated[Path, typer.Option("--file", help="The file of roles.", dir_okay=False)]
Prune = Annotated[bool, typer.Option("--prune", help="Delete roles that the file does not name; built-in ones always stay.")]
Write = Annotated[Path | None, typer.Option("--write", help="Write the matrix to this file.", dir_okay=False)]
Check = Annotated[Path | None, typer.Option("--check", help="Compare it with this file; 1 when it differs.", dir_okay=False)]

S = TypeVar("S", bound="BaseModel")
SIGNS = {"create": ("+", "good"), "change": ("~", "bold"), "delete": ("-", "bad"), "keep": ("=", "dim")}
WOULD_CHANGE = 2


@app.command()
def explain(user: User, permission: PermissionOf, resource: Resource = None) -> None:
    """Say why an account may or may not do something. Ends with 1 when it may not."""
    from mainspring.modules.access.errors import PermissionNotFound
    from mainspring.modules.access.schemas import ExplanationQuery
    from mainspring.modules.access.service import ExplainingService
    from mainspring.modules.users.service import UserService

    query = _valid(ExplanationQuery, {"permission": permission, "resource": resource})

    async def deed(application: "Application") -> "Explanation":
        async with application.reading() as uow:
            found = await UserService(uow).of_address(user)
            return await ExplainingService(uow).explain(None, found.id, query.permission, query.thing)

    try:
        found = with_application(deed)
    except PermissionNotFound as missing:
        near = missing.details["near"] if missing.details else []
        raise _refused(f"{missing}.{f' Did you mean {near[0]}?' if near else ''}") from None
    for sentence in found.words:
        say(sentence)
    if not found.allowed:
        raise typer.Exit(1)


@app.command()
def export() -> None:
    """Print the roles as a file, to be kept under version control."""
    from mainspring.modules.access.service import RoleFiles

    async def deed(application: "Application") -> str:
        async with application.reading() as uow:
            return "\n\n".join(_table(role) for role in await RoleFiles(uow).now())

    say(with_application(deed))


@app.command()
def plan(file: RolesPath, prune: Prune = False) -> None:
    """Show how the roles would change. Ends with 0 when nothing would, with 2 when something would."""
    from mainspring.modules.access.service import RoleFiles

    wanted = _read(file)

    async def deed(application: "Application") -> "RolePlan":
        async with application.reading() as uow:
            return await RoleFiles(uow).plan(wanted, prune=prune)

    made = with_application(deed)
    _show(made)
    if made.changes_something:
        raise typer.Exit(WOULD_CHANGE)
    note("Nothing would change.")


@app.command()
def apply(file: RolesPath, prune: Prune = False) -> None:
    """Make the roles what the file says, in one transaction, with a row in the trail for each change."""
    from mainspring.modules.access.service import RoleFiles

    wanted = _read(file)

    async def deed(application: "Application") -> "RolePlan":
        async with application.unit() as uow:
            files = RoleFiles(uow)
            await uow.lock("roles as a file", wait=True)
            made = await files.plan(wanted, prune=prune)
            await files.apply(made)
            return made

    made = with_application(deed)
    _show(made)
    note("Done." if made.changes_something else "Nothing changed.")


@app.command()
def matrix(write: Write = None, check: Check = None) -> None:
    """Print who may call what, write it to a file, or compare it with one."""
    from difflib import unified_diff

    from mainspring.core.application import create_application
    from mainspring.core.security.access_table import table
    from mainspring.core.settings import load_settings
    from mainspring.entrypoints.http import create_app

    text = table(create_app(create_application(load_settings(make_secrets=False))).plans)
    if write is not None:
        write.write_text(text, encoding="utf-8")
        note(f"{write} is written.")
    if check is not None:
        known = check.read_text(encoding="utf-8") if check.exists() else ""
        if known != text:
            for line in unified_diff(known.splitlines(), text.splitlines(), str(check), "the program", lineterm="", n=0):
                say(line)
            warn(f"{check} differs from the program. Review the lines above, then write it with --write.")
            raise typer.Exit(1)
    if write is None and check is None:
        say(text.rstrip("\n"))


def _read(file: Path) -> "Mapping[str, RoleInFile]":
    """The roles that a file wants."""
    import tomllib

    from mainspring.modules.access.schemas import RolesFile

    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise _refused(f"There is no file {file}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise _refused(f"{file} is no TOML: {wrong}") from None
    return _valid(RolesFile, found).roles


def _valid(kind: type[S], given: object) -> S:
    """What was given, checked. Everything that is wrong is said at once."""
    from pydantic import ValidationError

    try:
        return kind.model_validate(given)
    except ValidationError as wrong:
        mistakes = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in wrong.errors(include_input=False)]
        raise _refused("\n".join(mistakes)) from None


def _refused(words: str) -> typer.Exit:
    """The end with 1, for 2 means that something would change."""
    warn(words)
    return typer.Exit(1)


def _show(made: "RolePlan") -> None:
    for change in made.changes:
        sign, colour = SIGNS[change.deed]
        say(coloured(f"{sign} role {change.name}{_aside(change)}", colour))
        if change.description is not None:
            before, after = change.description
            say(f"    description: {_quoted(after)}{f' (was {_quoted(before)})' if before else ''}")
        for permission in change.added:
            say(coloured(f"    + {permission}", "good"))
        for permission in change.removed:
            say(coloured(f"    - {permission}", "bad"))


def _aside(change: "RoleChange") -> str:
    if change.deed == "create":
        return ""
    holders = f"held by {change.holders} account{'' if change.holders == 1 else 's'}"
    return f" ({holders}, not in the file: kept without --prune)" if change.deed == "keep" else f" ({holders})"


def _table(role: "RoleWithPermissions") -> str:
    """A role as a table of TOML."""
    head = f"[roles.{role.role.name}]\ndescription = {_quoted(role.role.description)}"
    return f"{head}\npermissions = {_list(role.permissions)}"


def _quoted(text: str) -> str:
    """A TOML basic string (toml.io, v1.0.0): JSON's escapes are also TOML's, which wants DEL escaped too."""
    import json

    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _list(permissions: tuple[str, ...]) -> str:
    """A TOML array, one permission a line, so that a change of one is a line of a diff."""
    return "[" + "".join(f"\n    {_quoted(permission)}," for permission in permissions) + ("\n]" if permissions else "]")
