"""Audit the installed packages against the lock, without a network: versions, and files against what the installer noted.

A package that cannot be checked is a complaint, never left out silently (R-019, R-020).
"""

import base64
import hashlib
import re
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.markers import Marker

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^ ;\\]+)(?:\s*;\s*([^\\]+))?")
OWN = "mainspring"


def locked(text: str) -> Iterator[tuple[str, str]]:
    """The packages of a lock that this machine needs, with their versions. Raises ValueError for a line that pins nothing."""
    for line in text.splitlines():
        if not line or line[0] in " #":
            continue
        found = PINNED.match(line)
        if found is None:
            raise ValueError(f"{line.strip()} pins no version")
        if found[3] is None or Marker(found[3].strip()).evaluate():
            yield found[1], found[2]


def complaints(text: str | None = None) -> list[str]:
    """What differs from the lock, one sentence each."""
    found: list[str] = []
    for name, version in locked(LOCK.read_text() if text is None else text):
        try:
            installed = distribution(name)
        except PackageNotFoundError:
            found.append(f"{name} {version} is locked and not installed, so it cannot be checked")
            continue
        if installed.version != version:
            found.append(f"{name} is installed as {installed.version}, and {version} is locked")
        found += changed_files(installed)
    return found


def changed_files(installed: Distribution) -> list[str]:
    """The files of a package that are not as its installer noted them; a package without notes cannot be checked."""
    name = installed.metadata["Name"]
    noted = [file for file in installed.files or () if file.hash is not None]
    if not noted:
        return [f"{name} has no list of its files, so it cannot be checked"]
    return [
        f"{name}: {file} is not the file that was installed"
        for file in noted
        if not _is_as_noted(Path(str(file.locate())), file.hash)
    ]


def _is_as_noted(path: Path, noted: object) -> bool:
    mode, value = getattr(noted, "mode", ""), getattr(noted, "value", "")
    if not path.is_file() or mode not in hashlib.algorithms_guaranteed:
        return False
    digest = hashlib.new(mode, path.read_bytes()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == value


if __name__ == "__main__":
    told = complaints()
    print("\n".join(told) or "every locked package is installed as it was locked")
    sys.exit(bool(told))
