"""How a module declares itself, and how the application finds it (ARCHITECTURE 2)."""

import importlib
import importlib.util
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any

BUILT_IN = "mainspring.modules"
ENTRY_POINTS = "mainspring.modules"

FILES = frozenset(
    [
        "module",
        "routes",
        "graphql",
        "grpc",
        "channels",
        "admin",
        "jobs",
        "subscribers",
        "commands",
        "seeds",
        "workflows",
        "service",
        "repository",
        "models",
        "schemas",
        "rows",
        "events",
        "permissions",
        "ports",
        "errors",
        "settings",
        "migrations",
        "templates",
    ]
)


class BootRefused(RuntimeError):
    """The application does not start; the message is one plain sentence."""


@dataclass(frozen=True)
class Module:
    """A feature.

    `requires` names others with an optional version (`users>=1`). `provides` answers ports of core or of required modules as
    `{Port: "file:factory"}`, each factory taking the application. `on_start` (`file:function`) is awaited with the application
    when a process starts, in every process, so it must be idempotent. `personal_data` (`file:function`) answers what it
    keeps about a user, see `core.personal_data`. `own` lists files that no other module has.
    `examination` (`file:function`) takes the application and answers what `mainspring doctor` has to tell (`core.doctor`);
    `invariants` takes it too and answers one sentence for each thing in the tables that cannot be, asked after a restore.
    `sealed` (`file:function`) answers the columns that are sealed under ENCRYPTION_KEY (`core.database.sealed`).
    `database` names the one that holds its tables, of those in `DATABASES__<NAME>__URL` (R-210). `owners` tells whose a thing
    is, as `{"order": "file:function"}`, each function taking a unit of work and an id (`core.security.owners`).
    """

    name: str
    package: str
    version: int = 1
    requires: tuple[str, ...] = ()
    provides: Mapping[type[Any], str] = field(default_factory=dict)
    on_start: str | None = None
    personal_data: str | None = None
    examination: str | None = None
    invariants: str | None = None
    sealed: str | None = None
    own: tuple[str, ...] = ()
    database: str = "default"
    owners: Mapping[str, str] = field(default_factory=dict)

    def function(self, path: str) -> Callable[..., Any]:  # Any: whoever names it knows its parameters
        """The function that `file:function` names. Raises BootRefused when there is none."""
        file, _, name = path.partition(":")
        found = getattr(importlib.import_module(f"{self.package}.{file}"), name, None)
        if not callable(found):
            raise BootRefused(f"Module {self.name} names {path}, and there is no such function.")
        function: Callable[..., Any] = found
        return function

    def file(self, name: str) -> ModuleType | None:
        """Import `<package>.<name>` if it exists. A missing dependency inside the file raises, it is never an absence."""
        path = f"{self.package}.{name}"
        return importlib.import_module(path) if importlib.util.find_spec(path) else None

    @property
    def required_names(self) -> tuple[str, ...]:
        """The names in `requires`, without their versions."""
        return tuple(requirement.partition(">=")[0].strip() for requirement in self.requires)

    def files(self) -> list[str]:
        """The files that the module has."""
        return sorted(found.name for found in pkgutil.iter_modules(importlib.import_module(self.package).__path__))


def discover() -> list[Module]:
    """Every installed module, requirements first.

    Raises BootRefused when two share a name, a requirement is missing, too old or circular, or a file name is misspelt.
    """
    found: dict[str, Module] = {}
    for module in (*_built_in(), *_installed()):
        if found.setdefault(module.name, module) is not module:
            raise BootRefused(f"Two modules are named {module.name!r}: {found[module.name].package} and {module.package}.")
        _check_file_names(module)
    return in_order(found.values())


def in_order(modules: Iterable[Module]) -> list[Module]:
    """The modules with requirements first, otherwise by name."""
    by_name = {module.name: module for module in modules}
    ordered: list[Module] = []

    def visit(module: Module, path: tuple[str, ...]) -> None:
        if module in ordered:
            return
        if module.name in path:
            raise BootRefused(f"Modules require each other in a circle: {' -> '.join((*path, module.name))}.")
        for requirement in module.requires:
            name, _, version = (part.strip() for part in requirement.partition(">="))
            if name not in by_name:
                raise BootRefused(f"Module {module.name} requires {name}, which is not installed.")
            if version and by_name[name].version < int(version):
                raise BootRefused(f"Module {module.name} requires {requirement}, but {by_name[name].version} is installed.")
            visit(by_name[name], (*path, module.name))
        ordered.append(module)

    for name in sorted(by_name):
        visit(by_name[name], ())
    return ordered


def _built_in() -> list[Module]:
    package = importlib.import_module(BUILT_IN)
    return [importlib.import_module(f"{BUILT_IN}.{found.name}.module").MODULE for found in pkgutil.iter_modules(package.__path__)]


def _installed() -> list[Module]:
    return [entry.load() for entry in sorted(entry_points(group=ENTRY_POINTS), key=lambda entry: entry.name)]


def _check_file_names(module: Module) -> None:
    for name in module.files():
        if name in FILES or name in module.own:
            continue
        close = get_close_matches(name, FILES, n=1, cutoff=0.75)
        hint = f" Did you mean {close[0]}.py?" if close else f" Name it in own=({name!r},) if it is meant."
        raise BootRefused(f"Module {module.name} has a file {name}.py that Mainspring does not know.{hint}")
