"""The running whole: settings, modules, databases and ports. Entry points make one and put a transport in front of it."""

import asyncio
import importlib
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from functools import cached_property
from typing import Any, TypeVar

from .context import Context
from .database import Database, Model, UnitOfWork, open_database
from .database.boot_check import check_tables
from .module import BootRefused, Module, discover
from .registry import Registry
from .security.authenticator import Authenticator
from .security.ports import PermissionSource, SessionSource
from .settings import Settings
from .wiring import database_options, register_core, stop_core

T = TypeVar("T")

NEEDED_PORTS: tuple[type[Any], ...] = (SessionSource, PermissionSource)  # of core, answered by modules
FILES_OF_EVERY_PROCESS = ("errors", "permissions", "events", "models", "ports")


class Application:
    """One per process. `start` opens what it needs, `stop` closes it; both may be called once."""

    def __init__(self, settings: Settings, modules: Sequence[Module]) -> None:
        self.settings = settings
        self.modules = list(modules)
        self.ports = Registry()
        self.draining = asyncio.Event()  # set when the process ends: streams watch it
        options = database_options(settings)
        self.databases: dict[str, Database] = {name: open_database(url, options) for name, url in settings.databases.items()}
        for database in self.databases.values():
            database.resolve = self.ports.resolve
        register_core(self)
        for module in self.modules:
            self._load(module)
        check_tables(Model.metadata.sorted_tables)

    @property
    def database(self) -> Database:
        """The default database."""
        return self.databases["default"]

    @cached_property
    def authenticator(self) -> Authenticator:
        """Answers who is asking."""
        return self.resolve(Authenticator)

    def unit(self, context: Context | None = None, database: str = "default") -> AbstractAsyncContextManager[UnitOfWork]:
        """A unit of work that commits at the end and rolls back when anything is raised."""
        return self.databases[database].unit(context)

    def reading(self, context: Context | None = None, database: str = "default") -> AbstractAsyncContextManager[UnitOfWork]:
        """A unit that only reads."""
        return self.databases[database].reading(context)

    def resolve(self, port: type[T]) -> T:
        """The implementation of a port. Raises BootRefused when there is none."""
        return self.ports.resolve(port)

    async def start(self) -> None:
        """Open every database, then run what modules do at a start.

        Raises BootRefused when a module cannot make what it provides, and Unavailable when a database cannot be reached.
        """
        for module in self.modules:
            for port in module.provides:
                self.resolve(port)
        for database in self.databases.values():
            await database.open()
        for module in self.modules:
            if module.on_start:
                await _named(module, module.on_start)(self)

    async def stop(self) -> None:
        """Stop what runs and close every database."""
        await stop_core(self)
        for database in self.databases.values():
            await database.close()

    def _load(self, module: Module) -> None:
        for name in FILES_OF_EVERY_PROCESS:
            module.file(name)
        for port, path in module.provides.items():
            self.ports.singleton(port, _factory(module, path, self))


def create_application(settings: Settings, modules: Sequence[Module] | None = None) -> Application:
    """Find the modules and build the application. Raises BootRefused with one sentence when something does not fit."""
    application = Application(settings, discover() if modules is None else modules)
    if modules is None:
        for port in NEEDED_PORTS:
            if port not in application.ports:
                raise BootRefused(f"No implementation registered for {port.__name__}.")
    return application


def _factory(module: Module, path: str, application: Application) -> Callable[[], Any]:
    return lambda: _named(module, path)(application)


def _named(module: Module, path: str) -> Callable[[Application], Any]:
    file, _, name = path.partition(":")
    found = getattr(importlib.import_module(f"{module.package}.{file}"), name, None)
    if not callable(found):
        raise BootRefused(f"Module {module.name} names {path}, and there is no such function.")
    function: Callable[[Application], Any] = found
    return function
