"""Commands that modules bring in their commands.py, imported only when one is used.

They are called by the name of the module, or by the one that `cli = typer.Typer(name="...")` gives.
"""

import importlib
import importlib.util
import pkgutil
import re
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Literal

from typer.core import TyperGroup
from typer.main import get_command

from mainspring.core.module import BUILT_IN, ENTRY_POINTS, BootRefused

OWN_NAME = re.compile(r'typer\.Typer\(\s*name="([a-z][a-z0-9-]*)"')


class CommandsOfModules(TyperGroup):
    """The commands of core, then those of every installed module."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Every name, for the help."""
        return [*super().list_commands(ctx), *sorted(dict(_packages()))]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A command of core, or the group of a module's commands."""
        found = super().get_command(ctx, cmd_name)
        if found is None and (package := dict(_packages()).get(cmd_name)):
            return _Later(cmd_name, package, self.rich_markup_mode)
        return found


class _Later(TyperGroup):
    """Stands for a module's commands in the help, and becomes them when one is called."""

    def __init__(self, name: str, package: str, markup: Literal["markdown", "rich"] | None) -> None:
        super().__init__(name=name, help=f"Commands of the module {name}.", rich_markup_mode=markup)
        self.package = package

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """The context of the real group."""
        file = importlib.import_module(f"{self.package}.commands")
        cli = getattr(file, "cli", None)
        if cli is None:
            raise BootRefused(f"The commands.py of module {self.name} has no `cli = typer.Typer(...)`.")
        cli.info.no_args_is_help = True
        cli.rich_markup_mode = self.rich_markup_mode
        if cli.registered_callback is None:
            cli.callback()(_nothing)  # keeps a single command a subcommand
        return get_command(cli).make_context(info_name, args, parent=parent, **extra)


def _nothing() -> None:
    """Commands of this module."""


def _packages() -> Iterator[tuple[str, str]]:
    """Name and package of every module that has a commands.py, without importing it."""
    built_in = importlib.import_module(BUILT_IN)
    candidates = [(found.name, f"{BUILT_IN}.{found.name}") for found in pkgutil.iter_modules(built_in.__path__)]
    candidates += [(entry.name, entry.module.rpartition(".")[0]) for entry in entry_points(group=ENTRY_POINTS)]
    for name, package in candidates:
        found = importlib.util.find_spec(f"{package}.commands")
        if found is not None and found.origin:
            named = OWN_NAME.search(Path(found.origin).read_text(encoding="utf-8"))
            yield (named[1] if named else name), package
