"""Proving a backup: it is restored into a temporary place, and everything that must hold is looked at there."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from ..application import create_application
from ..audit.findings import name_of
from ..audit.seals import Seals
from ..audit.verifying import Verifier
from ..database.migrate import Migrations
from ..database.sqlite.connecting import path_of
from ..module import Module
from ..settings import Settings
from ..settings.loading import MADE_HERE
from ..settings.secrets import KEYS, kept_secrets
from . import sqlite
from .restoring import Unpacked, make_folder, put, put_file, refuse_unknown_heads, told

Checked = list[tuple[str, list[str]]]


async def verify(backup: Unpacked, settings: Settings, modules: Sequence[Module]) -> Checked:
    """Each check with what it found, one sentence each; nothing where all is well. The installation is not touched."""
    refuse_unknown_heads(backup.manifest, modules)
    data_dir = backup.folder / "verified"
    make_folder(data_dir)
    for source, place in backup.files():
        put_file(source, data_dir / place)
    async with _places(backup, settings, data_dir) as places:
        for name, url in places.items():
            await put(backup.database(name), url)
        return await _looked(backup, settings, places, data_dir, modules)


async def _looked(
    backup: Unpacked, settings: Settings, places: dict[str, str], data_dir: Path, modules: Sequence[Module]
) -> Checked:
    counts: list[str] = []
    heads: list[str] = []
    damages: list[str] = []
    for name, url in places.items():
        expected = backup.manifest.databases[name]
        found = await told(url, expected.part)
        tables = sorted(found.counts.keys() | expected.counts.keys())
        counts += [
            f"{name}: {table} has {found.counts.get(table, 0)} rows, not {expected.counts.get(table, 0)}"
            for table in tables
            if found.counts.get(table) != expected.counts.get(table)
        ]
        if found.heads != expected.heads:
            heads.append(f"{name}: the migrations are not those of the manifest")
        damages += [f"{name}: {one}" for one in await _damages(url)]
    asked = await _ask(settings, places, data_dir, modules)
    return [("hashes", []), ("counts", counts), ("migrations", heads), ("foreign keys", damages), *asked]


async def _ask(settings: Settings, places: dict[str, str], data_dir: Path, modules: Sequence[Module]) -> Checked:
    """Start the program on the copy, and let it look at its trail and its invariants."""
    application = create_application(_settings_of(settings, places, data_dir), modules)
    await Migrations(application).up()
    await application.start()
    try:
        seals = application.resolve(Seals)
        trail = [
            f"{name}, {name_of(finding.chain)}: {finding.sentence}"
            for name, database in application.databases.items()
            for verdict in await Verifier(database, seals).run()
            for finding in verdict.findings
        ]
        checked: Checked = [("audit trail", trail)]
        for module in modules:
            if module.invariants is not None:
                checked.append((module.name, await module.function(module.invariants)(application)))
        return checked
    finally:
        await application.stop()


def _settings_of(settings: Settings, places: dict[str, str], data_dir: Path) -> Settings:
    """The settings of now for the copy, with the secrets of the backup where the program made them; brokers hear nothing."""
    changes: dict[str, Any] = {"data_dir": data_dir, "database_url": places["default"], "databases": places, "redis_url": None}
    changes["jobs"] = settings.jobs.model_copy(update={"transport": "database", "transport_url": None})
    changes["events"] = settings.events.model_copy(update={"relay": None, "relay_events": (), "source": None})
    for line in settings.sources():
        kept = data_dir / KEYS / line.name.lower()
        if line.source == MADE_HERE and kept.exists():
            changes[line.name.lower()] = tuple(SecretStr(secret) for secret in kept_secrets(kept.read_text()))
    return settings.model_copy(update=changes)


@asynccontextmanager
async def _places(backup: Unpacked, settings: Settings, data_dir: Path) -> AsyncIterator[dict[str, str]]:
    """A temporary place for each database, of the kind that it was: a file, or a database on the server of now."""
    async with AsyncExitStack() as stack:
        places = {}
        for name, copied in backup.manifest.databases.items():
            if copied.dialect == "sqlite":
                places[name] = f"sqlite:///{data_dir / f'{name}.db'}"
            else:
                from . import postgresql

                url = postgresql.server_of(settings.databases.get(name), name)
                places[name] = await stack.enter_async_context(postgresql.temporary(url))
        yield places


async def _damages(url: str) -> list[str]:
    if url.startswith("sqlite:"):
        return sqlite.damages(path_of(url))
    from . import postgresql

    return await postgresql.damages(url)
