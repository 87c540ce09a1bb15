"""`mainspring migrate up|down|status|make`."""

import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from mainspring.core.console import note, say, table

if TYPE_CHECKING:
    from mainspring.core.database.migrate import Migrations

T = TypeVar("T")
app = typer.Typer(
    help="Bring the database's tables up to date, or back.",
    no_args_is_help=True,
    rich_markup_mode="rich" if sys.stdout.isatty() else None,
)


@app.command()
def up(
    module: Annotated[str | None, typer.Argument(help="Only this module.")] = None,
    target: Annotated[str | None, typer.Option(help="Stop at this version.")] = None,
) -> None:
    """Run every migration that is pending."""
    ran = _with_migrations(lambda migrations: migrations.up(module, target))
    for name in ran:
        say(name)
    if not ran:
        note("Nothing is pending.")


@app.command()
def down(
    module: Annotated[str, typer.Argument(help="The module whose newest migration is undone.")],
    steps: Annotated[int, typer.Option(min=1, help="How many.")] = 1,
) -> None:
    """Undo the newest migrations of one module."""
    for name in _with_migrations(lambda migrations: migrations.down(module, steps)):
        say(name)


@app.command()
def status() -> None:
    """Show where every module's tables stand; exit code 1 when something is pending."""
    states = _with_migrations(lambda migrations: migrations.status())
    table(
        ("MODULE", "DATABASE", "NOW", "NEWEST", "PENDING"),
        [(s.module, s.database, s.current or "-", s.head or "-", ", ".join(s.pending) or "-") for s in states],
    )
    if any(state.pending for state in states):
        raise typer.Exit(1)


@app.command()
def make(
    module: Annotated[str, typer.Argument(help="The module whose models changed.")],
    message: Annotated[str, typer.Option("--message", "-m", help="What changes, in a few words.")],
) -> None:
    """Write the next migration of a module from the difference between its models and the database."""
    path = _with_migrations(lambda migrations: migrations.make(module, message))
    say(str(path) if path else f"The tables of {module} already agree with its models.")


def _with_migrations(work: "Callable[[Migrations], Awaitable[T]]") -> T:
    import asyncio

    from mainspring.core.application import create_application
    from mainspring.core.database.migrate import MigrationFailed, Migrations
    from mainspring.core.module import BootRefused
    from mainspring.core.observability import configure_logs
    from mainspring.core.settings import load_settings

    settings = load_settings()
    configure_logs(settings, 2)
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)

    async def run() -> T:
        return await work(Migrations(create_application(settings)))

    try:
        return asyncio.run(run())
    except MigrationFailed as failed:
        raise BootRefused(str(failed)) from None
