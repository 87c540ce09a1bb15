"""What `mainspring migrate` and the boot do: up, down, status, make, compare."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection

from ...module import BootRefused, Module
from ..database import Database
from . import running
from .comparing import differences
from .connecting import MigrationFailed, migrating
from .making import make
from .sources import Source, sources_of

__all__ = ["MigrationFailed", "Migrations", "State"]


class Migratable(Protocol):
    """What migrations need of the application."""

    modules: list[Module]
    databases: dict[str, Database]


@dataclass(frozen=True, slots=True)
class State:
    """Where a module's tables stand. `pending` are the versions that `up` would run."""

    module: str
    database: str
    current: str | None
    head: str | None
    pending: tuple[str, ...]


class Migrations:
    """The migrations of an application. The databases need not be open."""

    def __init__(self, application: Migratable) -> None:
        self._modules = application.modules
        self._databases = application.databases

    async def up(self, module: str | None = None, target: str | None = None) -> list[str]:
        """Run what is pending, core first; the names of what ran, as `module version`.

        With `module` only that one, with `target` up to that version. Raises MigrationFailed, and DatabaseUnavailable.
        """
        ran: list[str] = []
        for name, database in self._databases.items():
            sources = [source for source in self._sources(name) if module in (None, source.name)]
            async with migrating(database) as connection:
                for source in sources:
                    while done := await connection.run(
                        lambda sync, source=source: running.step_up(connection, sync, source, target)  # type: ignore[misc]  # binds the loop's values
                    ):
                        ran.append(f"{source.name} {done}")
        return ran

    async def down(self, module: str, steps: int = 1) -> list[str]:
        """Undo the newest versions of one module; the names of what was undone.

        Raises BootRefused for an unknown module, and when its last tables would go while others refer to them.
        """
        undone: list[str] = []
        for name, database in self._databases.items():
            sources = self._sources(name)
            for source in sources:
                if source.name != module:
                    continue
                async with migrating(database) as connection:
                    for _ in range(steps):
                        await connection.run(partial(_refuse_if_needed, source=source, sources=sources))
                        done = await connection.run(
                            lambda sync, source=source: running.step_down(connection, sync, source)  # type: ignore[misc]  # binds the loop's values
                        )
                        if done is None:
                            break
                        undone.append(f"{source.name} {done}")
                return undone
        raise BootRefused(f"There is no module {module}.")

    async def status(self) -> list[State]:
        """Each module with its version and what is pending."""
        states: list[State] = []
        for name, database in self._databases.items():
            sources = self._sources(name)
            async with migrating(database) as connection:
                states += await connection.run(lambda sync, sources=sources, name=name: _states(sync, sources, name))  # type: ignore[misc]  # binds the loop's values
        return states

    async def check(self) -> None:
        """Raise BootRefused when a database is behind (ARCHITECTURE 2)."""
        behind = [state for state in await self.status() if state.pending]
        if behind:
            names = ", ".join(f"{state.module} {state.pending[0]}" for state in behind)
            raise BootRefused(f"The database is behind: {names} has not run. Run mainspring migrate up.")

    async def compare(self) -> list[str]:
        """Where the tables differ from the models, one sentence each; empty when they agree (R-229)."""
        found: list[str] = []
        for name, database in self._databases.items():
            tables = [table for source in self._sources(name) for table in source.tables()]
            async with migrating(database) as connection:
                found += await connection.run(lambda sync, tables=tables: differences(sync, tables))  # type: ignore[misc]  # binds the loop's values
        return found

    async def make(self, module: str, message: str) -> Path | None:
        """Write the next version of a module from the difference between its models and the database; None without one.

        Raises BootRefused when the database is behind or the module is unknown.
        """
        await self.check()
        for name, database in self._databases.items():
            for source in self._sources(name):
                if source.name == module:
                    async with migrating(database) as connection:
                        return await connection.run(lambda sync, source=source: make(sync, source, message))  # type: ignore[misc]  # binds the loop's values
        raise BootRefused(f"There is no module {module}.")

    def _sources(self, database: str) -> Sequence[Source]:
        return sources_of(self._modules, database)


def _refuse_if_needed(connection: Connection, source: Source, sources: Sequence[Source]) -> None:
    """SQLite would leave the others' rows behind with nothing to refer to, and PostgreSQL answers in its own words."""
    if running.is_first(source, running.current(connection, source)):
        for other in sources:
            if other is not source and other.refers_to(source) and running.current(connection, other) is not None:
                raise BootRefused(f"Tables of {other.name} refer to those of {source.name}. Undo {other.name} first.")
    connection.rollback()


def _states(connection: Connection, sources: Sequence[Source], database: str) -> list[State]:
    states = []
    for source in sources:
        if source.scripts() is not None:
            now = running.current(connection, source)
            waiting = tuple(running.pending(connection, source))
            states.append(State(source.name, database, now, running.head(source), waiting))
    return states
