"""`mainspring ...`: the command line. Every command imports what it needs when it runs, so that help comes at once."""

import gc
import os
import sys
from typing import Any, Literal

import typer

from mainspring.core.module import BootRefused

from .commands import (
    access,
    backup,
    cache,
    doctor,
    handoff,
    keys,
    migrate,
    modules,
    openapi,
    routes,
    secrets,
    seed,
    serve,
    settings,
    status,
    version,
    worker,
    workflows,
)
from .commands.of_modules import CommandsOfModules

STYLE: Literal["rich"] | None = "rich" if sys.stdout.isatty() else None  # boxes are for people

app = typer.Typer(
    name="mainspring",
    cls=CommandsOfModules,
    help="The production backend that a team installs instead of writing.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=STYLE,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("serve")(serve.serve)
app.command("worker")(worker.worker)
app.add_typer(migrate.app, name="migrate")
app.command("modules")(modules.modules)
app.command("routes")(routes.routes)
app.command("seed")(seed.seed)
app.command("settings")(settings.settings)
app.command("openapi")(openapi.openapi)
app.command("handoff")(handoff.handoff)
app.add_typer(workflows.app, name="workflows")
app.add_typer(access.app, name="access")
app.add_typer(cache.app, name="cache")
app.add_typer(keys.app, name="keys")
app.command("status")(status.status)
app.command("doctor")(doctor.doctor)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.add_typer(secrets.app, name="secrets")
app.command("version")(version.version)


def main(arguments: list[str] | None = None) -> None:
    """Run a command and exit: 0 done, 1 refused with a sentence on standard error, 2 wrong usage, 130 interrupted."""
    gc.disable()  # a command is short, and `serve` turns it on again: collecting while importing costs a tenth of the start
    code = run(arguments)
    try:
        sys.stdout.flush()
    except BrokenPipeError:  # `mainspring routes | head`; the interpreter must not try again at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def run(arguments: list[str] | None = None) -> int:
    """Run a command; its exit code."""
    from mainspring.core.errors import MainspringError

    try:
        result: Any = app(arguments, standalone_mode=True)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except (BootRefused, MainspringError) as refused:
        details = getattr(refused, "details", None)
        mistakes = [one["message"] for one in details if "message" in one] if isinstance(details, list) else []
        sys.stderr.write("".join(f"{sentence}\n" for sentence in mistakes or [refused]))
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 0
    return result if isinstance(result, int) else 0
