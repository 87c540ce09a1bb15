"""What a backup says about itself: versions, migration heads, counts, and the SHA-256 of each part."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import Any

from .refusals import ArchiveDamaged

NAME = "manifest.json"


@dataclass(frozen=True, slots=True)
class Part:
    """One file in the archive."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied of one database: the rows of each table, and the migration that each module is at."""

    dialect: str
    part: str
    server: str
    heads: Mapping[str, str]
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Manifest:
    """The whole. `settings` are the names of those that were set, never a value."""

    made_at: str
    version: str
    python: str
    service: str
    settings: tuple[str, ...]
    databases: Mapping[str, Copied]
    parts: tuple[Part, ...]

    def text(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self), indent=1, sort_keys=True)

    @classmethod
    def read(cls, text: str) -> "Manifest":
        """From JSON. Raises ArchiveDamaged, also for names that would lead out of the folder they are unpacked to."""
        try:
            raw: dict[str, Any] = json.loads(text)
            raw["databases"] = {name: Copied(**one) for name, one in raw["databases"].items()}
            raw["parts"] = tuple(Part(**one) for one in raw["parts"])
            raw["settings"] = tuple(raw["settings"])
            manifest = cls(**raw)
            names = [PurePosixPath(part.name) for part in manifest.parts]
        except (ValueError, TypeError, KeyError, AttributeError) as wrong:
            raise ArchiveDamaged("The manifest of the backup cannot be read") from wrong
        if any(name.is_absolute() or ".." in name.parts for name in names):
            raise ArchiveDamaged("The backup names a file outside of its folder")
        return manifest
