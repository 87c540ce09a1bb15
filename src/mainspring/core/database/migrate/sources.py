"""Where migrations come from: core and each module that has a `migrations/versions` folder."""

import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from alembic.script import ScriptDirectory
from sqlalchemy import Table

from ...module import Module
from ..model import Model

CORE = "core"
CORE_PACKAGE = "mainspring.core"
CORE_TABLES = ("mainspring.core.security.claim_once",)


@dataclass(frozen=True)
class Source:
    """One line of versions: a module's, or core's on each database."""

    name: str
    package: str

    @property
    def version_table(self) -> str:
        """The table that says which version a database has."""
        return f"alembic_version_{self.name}"

    @property
    def folder(self) -> Path:
        """The `migrations` folder; it need not exist."""
        found = importlib.util.find_spec(self.package)
        if found is None or not found.submodule_search_locations:
            raise LookupError(f"{self.package} is not a package")
        return Path(next(iter(found.submodule_search_locations))) / "migrations"

    def scripts(self) -> ScriptDirectory | None:
        """The versions; None when there are none."""
        versions = self.folder / "versions"
        return ScriptDirectory(str(self.folder), version_locations=[str(versions)]) if versions.is_dir() else None

    def tables(self) -> list[Table]:
        """The tables that the package declares."""
        prefix = f"{self.package}."
        mapped = {mapper.local_table for mapper in Model.registry.mappers if f"{mapper.class_.__module__}.".startswith(prefix)}
        loaded = [module for name, module in list(sys.modules.items()) if name.startswith(f"{prefix}models")]
        declared = {value for module in loaded for value in vars(module).values() if isinstance(value, Table)}
        own = {table for table in mapped | declared if isinstance(table, Table)}
        return [table for table in Model.metadata.sorted_tables if table in own]

    def refers_to(self, other: "Source") -> bool:
        """Whether a table of ours has a foreign key to one of the other's."""
        targets = set(other.tables())
        return any(key.column.table in targets for table in self.tables() for key in table.foreign_keys)


def sources_of(modules: Iterable[Module], database: str) -> list[Source]:
    """Core and the modules whose tables lie in this database, requirements first. Their models are imported."""
    for name in core_models():
        importlib.import_module(name)
    own = [module for module in modules if module.database == database]
    for module in own:
        module.file("models")
    return [Source(CORE, CORE_PACKAGE), *(Source(module.name, module.package) for module in own)]


def core_models() -> Iterator[str]:
    """The files of core that declare tables: `models.py` of its packages, and single mechanisms with a table of their own."""
    yield from CORE_TABLES
    package = importlib.import_module(CORE_PACKAGE)
    for found in pkgutil.iter_modules(package.__path__):
        name = f"{CORE_PACKAGE}.{found.name}.models"
        if found.ispkg and importlib.util.find_spec(name):
            yield name
