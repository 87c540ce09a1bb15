"""`mainspring backup` and `mainspring restore`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from mainspring.core.console import coloured, progress, say, warn

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from mainspring.core.settings import Settings

T = TypeVar("T")
PassphraseFile = Annotated[
    Path | None, typer.Option("--passphrase-file", help="File whose first line encrypts the backup; - for standard input.")
]
Target = Annotated[Path, typer.Argument(help="The file to write; it must not be there.")]
Source = Annotated[Path, typer.Argument(help="The file that `mainspring backup` wrote.")]
Replace = Annotated[bool, typer.Option("--replace", help="Put the backup in the place of what is there.")]
Verify = Annotated[bool, typer.Option("--verify", help="Restore into a temporary place, check everything, and touch nothing.")]


def backup(path: Target, passphrase_file: PassphraseFile = None) -> None:
    """Copy databases, keys and files into one file, while servers and workers go on."""
    from mainspring.core.backup.making import make

    passphrase = _passphrase(passphrase_file)
    manifest = _run(make(_settings(), path, passphrase, progress))
    rows = sum(sum(one.counts.values()) for one in manifest.databases.values())
    say(f"{path}: {len(manifest.databases)} databases with {rows} rows, {len(manifest.parts) - len(manifest.databases)} files.")
    if passphrase is None:
        warn("It is not encrypted and holds what is secret: give --passphrase-file, or keep it as safe as the keys themselves.")


def restore(path: Source, verify: Verify = False, replace: Replace = False, passphrase_file: PassphraseFile = None) -> None:
    """Put a backup in its place, or prove with --verify that it could be."""
    from mainspring.core.backup import restoring, verifying
    from mainspring.core.module import discover

    passphrase, settings, modules = _passphrase(passphrase_file), _settings(), discover()

    async def put() -> None:
        async with restoring.unpacked(path, settings.data_dir, passphrase, progress) as unpacked:
            await restoring.restore(unpacked, settings, modules, replace=replace)
        say(f"Restored what was there at {unpacked.manifest.made_at}.")

    async def prove() -> bool:
        async with restoring.unpacked(path, path.absolute().parent, passphrase, progress) as unpacked:
            checked = await verifying.verify(unpacked, settings, modules)
        for name, found in checked:
            say(f"{name}: {coloured('ok', 'good') if not found else coloured('wrong', 'bad')}")
            for sentence in found:
                warn(f"{name}: {sentence}.")
        return not any(found for _, found in checked)

    if not verify:
        _run(put())
    elif not _run(prove()):
        raise typer.Exit(1)


def _run(work: "Coroutine[Any, Any, T]") -> T:
    """What `work` answers; a disk that is full and a file that cannot be read are one sentence."""
    import asyncio
    import sqlite3

    from mainspring.core.backup.refusals import BackupRefused

    try:
        return asyncio.run(work)
    except OSError as problem:
        where = f"{problem.filename}: " if problem.filename else ""
        raise BackupRefused(f"{where}{problem.strerror or problem}.") from problem
    except sqlite3.Error as problem:
        raise BackupRefused(f"The database file cannot be used: {problem}.") from problem


def _settings() -> "Settings":
    from mainspring.core.observability import configure_logs
    from mainspring.core.settings import load_settings

    settings = load_settings(make_secrets=False)
    configure_logs(settings.model_copy(update={"log_sql": False, "log_level": "error"}), 2)
    return settings


def _passphrase(path: Path | None) -> str | None:
    from mainspring.core.backup.refusals import BackupRefused

    if path is None:
        return None
    try:
        text = sys.stdin.readline() if str(path) == "-" else path.read_text().partition("\n")[0]
    except (OSError, UnicodeDecodeError) as problem:
        raise BackupRefused(f"{path} cannot be read: {problem}.") from None
    if not text.strip():
        raise BackupRefused("The passphrase is empty.")
    return text.rstrip("\r\n")
