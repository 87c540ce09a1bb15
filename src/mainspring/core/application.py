"""The running whole: settings, modules, databases and ports. Entry points make one and put a transport in front of it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from functools import cached_property
from typing import Any, TypeVar

from . import ids
from .audit.seals import Seals
from .audit.security_trail import SecurityTrail
from .context import Context
from .database import Database, Model, UnitOfWork, open_database
from .database.boot_check import check_tables
from .events.outbox import Outbox
from .jobs.book import JobBook
from .mail.ports import Mailer
from .module import BootRefused, Module, discover
from .observability.telemetry import start_telemetry
from .personal_data import PersonalData
from .registry import Registry
from .security.authenticator import Authenticator
from .security.ports import PermissionSource, SessionSource
from .settings import Settings
from .token_keys.keeper import TokenKeyKeeper
from .wiring import database_options, register_core, stop_core
from .workflows.declaration import load as load_workflows

T = TypeVar("T")

NEEDED_PORTS: tuple[type[Any], ...] = (SessionSource, PermissionSource)  # of core, answered by modules
FILES_OF_EVERY_PROCESS = ("errors", "permissions", "events", "models", "ports")


class Application:
    """One per process. `start` opens what it needs, `stop` closes it; both may be called once."""

    def __init__(self, settings: Settings, modules: Sequence[Module]) -> None:
        self.settings = settings
        self.modules = list(modules)
        self.ports = Registry()
        self.run_id, self.end_id = (
            ids.new(),
            ids.new(),
        )  # of the rows that tell of start and end, the same in every forked process
        self._last_deeds: list[Callable[[], Awaitable[None]]] = []
        self.draining = asyncio.Event()  # set when the process ends: streams watch it
        self.is_succeeded = False  # it ends because another process already serves in its place
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

    def unit(self, context: Context | None = None, database: str | None = None) -> AbstractAsyncContextManager[UnitOfWork]:
        """A unit of work that commits at the end and rolls back when anything is raised.

        Without `database` it is that of the context: the database of the module whose route was asked, else the default one.
        """
        return self.databases[database or (context.database if context else "default")].unit(context)

    def reading(self, context: Context | None = None, database: str | None = None) -> AbstractAsyncContextManager[UnitOfWork]:
        """A unit that only reads, on the database that `unit` would take."""
        return self.databases[database or (context.database if context else "default")].reading(context)

    def resolve(self, port: type[T]) -> T:
        """The implementation of a port. Raises BootRefused when there is none."""
        return self.ports.resolve(port)

    async def start(self) -> None:
        """Open every database, then run what modules do at a start.

        Raises BootRefused when a module cannot make what it provides, or has a job or a subscriber that cannot be run, and
        Unavailable when a database cannot be reached.
        """
        start_telemetry(self)
        for module in self.modules:
            for port in module.provides:
                self.resolve(port)
            self.personal_data_of(module)
        self.resolve(JobBook)
        self.resolve(Mailer)
        self.resolve(Seals)
        self.resolve(SecurityTrail)
        outbox = self.resolve(Outbox)
        for database in self.databases.values():
            database.outbox = outbox
            await database.open()
        await self.resolve(TokenKeyKeeper).start()
        for module in self.modules:
            if module.on_start:
                await module.function(module.on_start)(self)

    def personal_data_of(self, module: Module) -> PersonalData | None:
        """What answers for the personal data of a module, if it keeps any. Raises BootRefused when it names no function."""
        return module.function(module.personal_data) if module.personal_data else None

    def on_stop(self, deed: Callable[[], Awaitable[None]]) -> None:
        """Await `deed` when the application stops, the last one first: for adapters that hold connections or threads."""
        self._last_deeds.append(deed)

    async def stop(self) -> None:
        """Stop what runs and close every database."""
        while self._last_deeds:
            await self._last_deeds.pop()()
        await stop_core(self)
        for database in self.databases.values():
            await database.close()

    def _load(self, module: Module) -> None:
        if module.database not in self.databases:
            variable = f"DATABASES__{module.database.upper()}__URL"
            raise BootRefused(f"Module {module.name} keeps its tables in {module.database}, and {variable} is not set.")
        for name in FILES_OF_EVERY_PROCESS:
            module.file(name)
        for port, path in module.provides.items():
            self.ports.singleton(port, _factory(module, path, self))
        if (workflows := module.file("workflows")) is not None:
            load_workflows(workflows)


def create_application(settings: Settings, modules: Sequence[Module] | None = None) -> Application:
    """Find the modules and build the application. Raises BootRefused with one sentence when something does not fit."""
    application = Application(settings, discover() if modules is None else modules)
    if modules is None:
        for port in NEEDED_PORTS:
            if port not in application.ports:
                raise BootRefused(f"No implementation registered for {port.__name__}.")
    return application


def _factory(module: Module, path: str, application: Application) -> Callable[[], Any]:
    return lambda: module.function(path)(application)
