"""Restoring: everything is unpacked, hashed and compared with this program first; only then is anything touched."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from ..database.migrate.sources import sources_of
from ..database.sqlite.connecting import path_of
from ..module import Module
from ..settings import Settings
from . import archive, sqlite
from .archive import Progress
from .making import FILES
from .manifest import Copied, Manifest
from .refusals import BackupRefused


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A backup whose every hash was checked, in a folder of its own."""

    manifest: Manifest
    folder: Path

    def database(self, name: str) -> Path:
        """The copy of a database."""
        return self.folder / self.manifest.databases[name].part

    def files(self) -> list[tuple[Path, Path]]:
        """The files of DATA_DIR: where each lies here, and where it belongs below DATA_DIR."""
        names = [Path(part.name) for part in self.manifest.parts]
        return [(self.folder / name, name.relative_to(FILES)) for name in names if name.parts[0] == FILES]


@asynccontextmanager
async def unpacked(source: Path, beside: Path, passphrase: str | None, told: Progress) -> AsyncIterator[Unpacked]:
    """The backup, checked, in a folder inside `beside` that goes afterwards. Raises ArchiveDamaged, BackupRefused."""
    make_folder(beside)
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=beside) as name:
        manifest = await asyncio.to_thread(archive.unpack, source, Path(name), passphrase, told)
        yield Unpacked(manifest, Path(name))


async def restore(backup: Unpacked, settings: Settings, modules: Sequence[Module], *, replace: bool) -> None:
    """Put databases and files in their places. Raises BackupRefused before anything is touched: for another kind of database,
    for migrations that this program does not know, for a place that is not empty unless `replace`, and while it is in use."""
    refuse_unknown_heads(backup.manifest, modules)
    _refuse_other_databases(backup.manifest, settings)
    if not replace:
        await _refuse_full(backup, settings)
    for name in backup.manifest.databases:
        await _refuse_used(settings.databases[name])
    for source, place in backup.files():
        put_file(source, settings.data_dir / place)
    for name in backup.manifest.databases:
        await put(backup.database(name), settings.databases[name])


async def put(copy: Path, url: str) -> None:
    """Put one database in its place."""
    if url.startswith("sqlite:"):
        await asyncio.to_thread(_put_sqlite, copy, path_of(url))
    else:
        from . import postgresql

        await postgresql.put(copy, url)


def _put_sqlite(copy: Path, target: Path) -> None:
    make_folder(target.absolute().parent)
    draft = target.with_name(f".{target.name}.restored")  # beside it: a rename stays on its disk
    draft.unlink(missing_ok=True)
    sqlite.copy(copy, draft, lambda _, __: None)
    sqlite.put(draft, target)


def make_folder(folder: Path) -> None:
    """Make a folder that others do not look into, if it is not there."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


async def told(url: str, part: str) -> Copied:
    """What a database holds now, to be compared with a manifest."""
    if url.startswith("sqlite:"):
        return await asyncio.to_thread(sqlite.told, path_of(url), part)
    from . import postgresql

    return await postgresql.told(url, part)


def refuse_unknown_heads(manifest: Manifest, modules: Sequence[Module]) -> None:
    """Raise BackupRefused for a backup that a newer program made, or one with other modules."""
    for name, copied in manifest.databases.items():
        sources = {source.name: source for source in sources_of(modules, name)}
        for module, head in copied.heads.items():
            scripts = sources[module].scripts() if module in sources else None
            if scripts is None:
                raise BackupRefused(f"The backup has tables of {module}, which is not installed here for the database {name}.")
            if head not in {script.revision for script in scripts.walk_revisions()}:
                raise BackupRefused(f"The backup is of a newer version ({module} {head}). Install Mainspring {manifest.version}.")


def _refuse_other_databases(manifest: Manifest, settings: Settings) -> None:
    for name, copied in manifest.databases.items():
        variable = "DATABASE_URL" if name == "default" else f"DATABASES__{name.upper()}__URL"
        url = settings.databases.get(name)
        if url is None:
            raise BackupRefused(f"The backup has a database {name}, and {variable} is not set.")
        if url.startswith("sqlite:") != (copied.dialect == "sqlite"):
            raise BackupRefused(f"The backup of the database {name} is of {copied.dialect}, and {variable} names another kind.")


async def _refuse_full(backup: Unpacked, settings: Settings) -> None:
    for name in backup.manifest.databases:
        if await _has_tables(settings.databases[name]):
            raise BackupRefused(f"The database {name} is not empty. --replace puts the backup in its place.")
    for source, place in backup.files():
        target = settings.data_dir / place
        if target.exists() and target.read_bytes() != source.read_bytes():
            raise BackupRefused(f"{target} is there already. --replace puts that of the backup in its place.")


async def _has_tables(url: str) -> bool:
    if url.startswith("sqlite:"):
        return sqlite.has_tables(path_of(url))
    from . import postgresql

    return await postgresql.has_tables(url)


async def _refuse_used(url: str) -> None:
    if url.startswith("sqlite:"):
        await asyncio.to_thread(sqlite.refuse_used, path_of(url))
    else:
        from . import postgresql

        await postgresql.refuse_used(url)


def put_file(source: Path, target: Path) -> None:
    """Put one file in its place: the old one or the new one is there, whole."""
    make_folder(target.parent)
    draft = target.with_name(f".{target.name}.restored")
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as file:
        file.write(source.read_bytes())
        file.flush()
        os.fsync(file.fileno())
    draft.replace(target)
