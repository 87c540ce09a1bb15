"""The databases: reachable, up to date, of one clock with us, and large enough for all who come."""

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Integer, cast, func, select, type_coerce

from .. import clock
from ..context import Context
from ..database import Database, DatabaseUnavailable, Statement, UtcDateTime
from ..database.migrate import MigrationFailed, Migrations, State
from ..database.sqlite.connecting import path_of
from ..jobs.desk import MOST_CONNECTIONS
from ..module import BootRefused
from .finding import Finding
from .patient import Patient

if TYPE_CHECKING:
    from ..application import Application

OPENING_SECONDS = 10.0
LISTENING = 2  # connections beside the pool that hear of jobs and of changed access
MOST_APART_SECONDS = 2.0

NOW = Statement(select(type_coerce(func.clock_timestamp(), UtcDateTime())), datetime, only="postgresql")
ROOM = Statement(
    select(
        cast(func.current_setting("max_connections"), Integer)
        - cast(func.current_setting("superuser_reserved_connections"), Integer)
    ),
    int,
    only="postgresql",
)


async def opened(application: "Application", found: list[Finding]) -> dict[str, Database]:
    """The databases that answer and have all their tables, open; the others are told."""
    databases: dict[str, Database] = {}
    for name, database in application.databases.items():
        if database.dialect == "sqlite" and not path_of(database.url).is_file():
            cure = "Start the program, or run mainspring migrate up."
            found.append(Finding(f"The database {name} is not there: {path_of(database.url)}.", cure))
            continue
        try:
            async with asyncio.timeout(OPENING_SECONDS):
                await database.open()
            databases[name] = database
        except (DatabaseUnavailable, BootRefused, TimeoutError) as problem:
            reason = str(problem) or f"The database {name} does not answer within {OPENING_SECONDS:.0f} s."
            found.append(Finding(reason, "Start it, and check DATABASE_URL, the network and the password."))
    return databases


async def without_tables(application: "Application", databases: Iterable[str], found: list[Finding]) -> set[str]:
    """The databases that are behind; what is pending is told."""
    there = {name: application.databases[name] for name in databases}
    try:
        states = await Migrations(_Only(application, there)).status()
    except (DatabaseUnavailable, MigrationFailed) as problem:
        found.append(Finding(str(problem), "Look again when nobody migrates."))
        return set(there)
    behind: dict[str, list[State]] = {}
    for state in states:
        if state.pending:
            behind.setdefault(state.database, []).append(state)
    for name, waiting in behind.items():
        names = ", ".join(f"{state.module} {' '.join(state.pending)}" for state in waiting)
        found.append(Finding(f"Migrations of the database {name} are pending: {names}.", "mainspring migrate up"))
    return set(behind)


class _Only:
    """An application with some of its databases."""

    def __init__(self, application: "Application", databases: dict[str, Database]) -> None:
        self.modules, self.databases = application.modules, databases


async def about_clocks(patient: Patient) -> list[Finding]:
    """The clock of each PostgreSQL against ours; a file has none."""
    found = []
    for name, database in _servers(patient):
        async with database.reading(Context()) as uow:
            before = clock.now().timestamp()
            theirs = (await uow.only(NOW)).timestamp()
            apart = abs(theirs - (before + clock.now().timestamp()) / 2)
        if apart > MOST_APART_SECONDS:
            cure = "Let both keep time by NTP (chrony, systemd-timesyncd): ends of tokens and turns of jobs rest on it."
            found.append(Finding(f"The clocks of the database {name} and of this machine are {apart:.0f} s apart.", cure))
    return found


async def about_connections(patient: Patient) -> list[Finding]:
    """Whether all processes of this machine fit into max_connections."""
    found, settings = [], patient.settings
    each = settings.db_pool_max + MOST_CONNECTIONS + LISTENING
    for name, database in _servers(patient):
        async with database.reading(Context()) as uow:
            room = await uow.only(ROOM)
        if (wanted := settings.workers * each) > room:
            sentence = f"{settings.workers} processes may want {wanted} connections, and the database {name} has {room}."
            found.append(Finding(sentence, "Lower DB_POOL_MAX or WORKERS, or raise max_connections of PostgreSQL."))
    return found


def _servers(patient: Patient) -> list[tuple[str, Database]]:
    return [(name, database) for name, database in patient.databases.items() if database.dialect == "postgresql"]
