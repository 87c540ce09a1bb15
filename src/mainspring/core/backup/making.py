"""Making a backup: copies beside the target, then one file. Servers and workers go on meanwhile."""

import asyncio
import platform
import tempfile
from pathlib import Path

from ... import __version__
from .. import clock
from ..database.sqlite.connecting import path_of
from ..settings import Settings
from . import archive, sqlite
from .archive import Progress
from .data_files import data_files
from .manifest import Copied, Manifest, Part
from .refusals import BackupRefused

DATABASES, FILES = "databases", "data"


async def make(settings: Settings, target: Path, passphrase: str | None, told: Progress) -> Manifest:
    """Write the backup to `target`. Raises BackupRefused; then, and when the process is killed, nothing has that name.

    Each database is as it was at one moment after the call; of several databases each has a moment of its own.
    """
    target = _free(target)
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=target.parent) as name:
        folder, parts = Path(name), list[tuple[Part, Path]]()
        databases = {}
        for number, (database, url) in enumerate(settings.databases.items()):
            path = folder / f"{number}.copy"
            databases[database] = await _copied(database, url, path, told)
            parts.append((archive.hashed(path, databases[database].part), path))
        for number, source in enumerate(data_files(settings)):
            path, part = folder / f"{number}.file", f"{FILES}/{source.relative_to(settings.data_dir).as_posix()}"
            if _copy_file(source, path):
                parts.append((archive.hashed(path, part), path))
        manifest = Manifest(
            made_at=clock.now().isoformat(),
            version=__version__,
            python=platform.python_version(),
            service=settings.service_name,
            settings=tuple(line.name for line in settings.sources() if line.source != "default"),
            databases=databases,
            parts=tuple(part for part, _ in parts),
        )
        await asyncio.to_thread(archive.write, target, parts, manifest, passphrase, told)
    return manifest


def _free(target: Path) -> Path:
    if target.exists():
        raise BackupRefused(f"{target} is there already; a backup replaces nothing.")
    if not target.absolute().parent.is_dir():
        raise BackupRefused(f"There is no folder {target.absolute().parent}.")
    return target.absolute()


async def _copied(name: str, url: str, path: Path, told: Progress) -> Copied:
    part = f"{DATABASES}/{name}"
    if url.startswith("sqlite:"):
        source = path_of(url)
        await asyncio.to_thread(sqlite.copy, source, path, lambda done, total: told(name, done, total))
        return await asyncio.to_thread(sqlite.told, path, part)
    from . import postgresql  # brings asyncpg

    told(name, 0, 1)
    copied = await postgresql.copy(url, path, part)
    told(name, 1, 1)
    return copied


def _copy_file(source: Path, path: Path) -> bool:
    """Copy a file of DATA_DIR; false when it has gone since it was listed."""
    try:
        if sqlite.is_database(source):
            sqlite.copy(source, path, lambda _, __: None)
        else:
            path.write_bytes(source.read_bytes())
    except FileNotFoundError:
        return False
    return True
