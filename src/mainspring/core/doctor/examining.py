"""The whole look: every check in its group, those of the modules too, and one that fails does not end the others."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from ..application import Application, create_application
from ..database import Database
from ..errors import MainspringError
from ..module import BootRefused
from ..settings import load_settings
from ..settings.problems import SettingsRefused
from ..wiring import stop_core
from . import databases, extras, keys, machine, neighbours, reaching, rights, settings, sqlite_file, trail, work
from .finding import Finding
from .patient import Patient

Check = Callable[[Patient], "list[Finding] | Awaitable[list[Finding]]"]
Examination = Callable[[Application], "list[Finding] | Awaitable[list[Finding]]"]
Groups = dict[str, list[Finding]]
SECONDS = 30.0
GROUPS: Mapping[str, tuple[Check, ...]] = {
    "settings": (settings.about_warnings, settings.about_production, settings.about_mail, extras.about_extras),
    "files": (rights.about_data_dir, rights.about_env_files),
    "network": (reaching.about_address, reaching.about_proxies, neighbours.about_neighbours),
    "machine": (machine.about_disk, machine.about_descriptors),
    "database": (databases.about_clocks, databases.about_connections),
    "work": (work.about_jobs, work.about_schedules, work.about_workflows),
    "keys": (keys.about_token_keys,),
    "audit": (trail.about_trail,),
}


async def examine(folder: Path) -> Groups:
    """What is found, by group; a group without findings is well. Nothing is written, and nothing is raised for what is broken."""
    groups: Groups = {name: [] for name in GROUPS}
    try:
        application = create_application(load_settings(make_secrets=False))
    except SettingsRefused as refused:
        groups["settings"] = [Finding(problem, "Correct it; no process starts like this.") for problem in refused.problems]
        return groups
    except BootRefused as refused:
        groups["settings"] = [Finding(str(refused), "Correct it; no process starts like this.")]
        return groups
    await _examine(application, folder, groups)
    return groups


async def _examine(application: Application, folder: Path, groups: Groups) -> None:
    patient = Patient(application, folder)
    found = groups["database"]
    for name, database in application.databases.items():
        if database.dialect == "sqlite":
            found += await _looked(_look_at_file(name, database), patient)
    opened = await databases.opened(application, found)
    try:
        behind = await databases.without_tables(application, opened, found)
        patient.databases = {name: database for name, database in opened.items() if name not in behind}
        for group, checks in GROUPS.items():
            for check in checks:
                groups[group] += await _looked(check, patient)
        if len(patient.databases) == len(application.databases):
            await _ask_modules(patient, groups)
    finally:
        await stop_core(application)
        for database in opened.values():
            await database.close()


async def _ask_modules(patient: Patient, groups: Groups) -> None:
    """What modules look at (`Module(examination="service:function")`), in groups of their names."""
    for module in patient.application.modules:
        if module.examination is not None:
            groups[module.name] = await _looked(_look_of(module.name, module.function(module.examination)), patient)


def _look_at_file(name: str, database: Database) -> Check:
    def look(patient: Patient) -> list[Finding]:
        return sqlite_file.about_file(name, database)

    look.__doc__ = f"The file of the database {name}."
    return look


def _look_of(name: str, examine_module: Examination) -> Check:
    def look(patient: Patient) -> list[Finding] | Awaitable[list[Finding]]:
        return examine_module(patient.application)

    look.__doc__ = f"The module {name}."
    return look


async def _looked(check: Check, patient: Patient) -> list[Finding]:
    try:
        async with asyncio.timeout(SECONDS):
            found = check(patient)
            return await found if inspect.isawaitable(found) else found
    except (MainspringError, BootRefused, OSError, SQLAlchemyError, TimeoutError) as problem:
        what = (inspect.getdoc(check) or "This").partition("\n")[0].rstrip(".")
        return [
            Finding(f"Could not be looked at: {what} ({type(problem).__name__}).", "Correct what else is told, and look again.")
        ]
