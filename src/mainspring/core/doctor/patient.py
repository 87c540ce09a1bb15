"""What is looked at: the settings, the application that they make, and those of its databases that answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..application import Application
    from ..database import Database
    from ..settings import Settings


@dataclass(slots=True)
class Patient:
    """`folder` is where `.env` files are read from. `databases` are open and have all their tables."""

    application: "Application"
    folder: Path
    databases: Mapping[str, "Database"] = field(default_factory=dict)

    @property
    def settings(self) -> "Settings":
        """The settings, which every process of the installation would refuse or take alike."""
        return self.application.settings

    @property
    def has_default(self) -> bool:
        """Whether the default database can be asked."""
        return "default" in self.databases
