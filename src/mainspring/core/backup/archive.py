"""The archive inside the seal: a tar of parts, the manifest as its last member."""

import hashlib
import io
import os
import tarfile
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from .. import ids
from .manifest import NAME, Manifest, Part
from .refusals import ArchiveDamaged, BackupRefused
from .sealing import PIECE, SealedReader, SealedWriter

LONGEST_MANIFEST = 16 * 1024 * 1024
Progress = Callable[[str, int, int], None]


def hashed(path: Path, name: str) -> Part:
    """A file as a part."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return Part(name, path.stat().st_size, digest.hexdigest())


def write(target: Path, parts: Sequence[tuple[Part, Path]], manifest: Manifest, passphrase: str | None, told: Progress) -> None:
    """Make the file: whole and on the disk under its name, or not at all. Raises BackupRefused when the name is taken."""
    draft = target.with_name(f".{target.name}.{ids.new().hex}.part")
    try:
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            sealed = SealedWriter(file, passphrase)
            _fill(sealed, parts, manifest, told)
            sealed.finish()
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, target)  # unlike a rename, a link never replaces what came to be meanwhile
        except FileExistsError:
            raise BackupRefused(f"{target} is there already; a backup replaces nothing.") from None
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _fill(sealed: SealedWriter, parts: Sequence[tuple[Part, Path]], manifest: Manifest, told: Progress) -> None:
    total, done = sum(part.bytes for part, _ in parts), 0
    with tarfile.open(fileobj=cast(IO[bytes], sealed), mode="w|", format=tarfile.PAX_FORMAT) as tar:
        for part, path in parts:
            with path.open("rb") as file:
                tar.addfile(_member(part.name, part.bytes), file)
            done += part.bytes
            told("writing", done, total)
        text = manifest.text().encode()
        tar.addfile(_member(NAME, len(text)), io.BytesIO(text))


def unpack(source: Path, folder: Path, passphrase: str | None, told: Progress) -> Manifest:
    """Unpack into an empty folder and check every hash. Raises ArchiveDamaged, BackupRefused."""
    found: dict[str, Part] = {}
    manifest = None
    with _opened(source) as file:
        reader = SealedReader(file, passphrase)
        try:
            with tarfile.open(fileobj=cast(IO[bytes], reader), mode="r|") as tar:
                for member in tar:
                    content: Any = tar.extractfile(member) if member.isreg() else None
                    if content is None or manifest is not None:
                        raise ArchiveDamaged("The backup holds something that no backup holds")
                    if member.name == NAME:
                        manifest = Manifest.read(content.read(LONGEST_MANIFEST).decode())
                    elif member.name in found:
                        raise ArchiveDamaged("The backup holds something that no backup holds")
                    else:
                        found[member.name] = _unpacked(content, member.name, folder)
                    told("checking", min(file.tell(), source.stat().st_size), source.stat().st_size)
        except (tarfile.TarError, EOFError, UnicodeDecodeError) as wrong:
            raise ArchiveDamaged from wrong
        reader.drain()
    if manifest is None or found != {part.name: part for part in manifest.parts}:
        raise ArchiveDamaged("The parts of the backup are not those of its manifest")
    return manifest


def _unpacked(content: IO[bytes], name: str, folder: Path) -> Part:
    digest, size = hashlib.sha256(), 0
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ArchiveDamaged("The backup names a file outside of its folder")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        while piece := content.read(PIECE):
            digest.update(piece)
            size += len(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return Part(name, size, digest.hexdigest())


@contextmanager
def _opened(path: Path) -> Any:
    try:
        file = path.open("rb")
    except OSError as problem:
        raise BackupRefused(f"{path} cannot be read: {problem.strerror}.") from None
    with file:
        yield file


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    return member
