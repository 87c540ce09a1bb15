"""Every kind of event that the application knows, by its name on the wire: `<module>.<ClassName>`."""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from types import ModuleType
from typing import Any

from ..jobs.payloads import Codec
from ..module import BootRefused, Module
from .event import Event

LONGEST_NAME = 120


class EventCatalogue:
    """The classes in the modules' `events.py`, and the module that each belongs to."""

    def __init__(self) -> None:
        self._kinds: dict[str, type[Event]] = {}
        self._names: dict[type[Event], str] = {}
        self._databases: dict[type[Event], str] = {}
        self._codecs: dict[type[Event], Codec[Any]] = {}
        self._outside: dict[str, type[Event]] = {}

    @classmethod
    def of(cls, modules: Iterable[Module]) -> "EventCatalogue":
        """Read every module. Raises BootRefused when two events have one name."""
        catalogue = cls()
        for module in modules:
            file = module.file("events")
            if file is not None:
                for kind in _declared_in(file):
                    catalogue.add(f"{module.name}.{kind.__name__}", kind, module.database)
        return catalogue

    def add(self, name: str, kind: type[Event], database: str = "default") -> None:
        """Add one kind. Raises BootRefused when the name is taken or too long, or two have one name outside."""
        if len(name) > LONGEST_NAME:
            raise BootRefused(f"The event {name} has a name of more than {LONGEST_NAME} characters.")
        if self._kinds.setdefault(name, kind) is not kind:
            raise BootRefused(f"Two events are named {name}.")
        self._names[kind], self._databases[kind] = name, database
        if kind.outside and self._outside.setdefault(kind.outside, kind) is not kind:
            other = self._outside[kind.outside]
            raise BootRefused(f"Two events are heard as {kind.outside}: {self._names[other]} and {name}.")

    def find(self, name: str) -> type[Event] | None:
        """The class of this name, if this process knows it."""
        return self._kinds.get(name)

    @property
    def outside(self) -> Mapping[str, type[Event]]:
        """The kinds that other programs tell, by their names there."""
        return self._outside

    def name_of(self, kind: type[Event]) -> str | None:
        """The name of a class; None for one that stands in no module's `events.py`."""
        return self._names.get(kind)

    def database_of(self, kind: type[Event]) -> str:
        """The database of the module that publishes it."""
        return self._databases[kind]

    def codec_of(self, kind: type[Event]) -> Codec[Any]:
        """What writes the fields of this class as JSON and reads them. Raises BootRefused when they cannot be JSON."""
        found = self._codecs.get(kind)
        if found is None:
            found = self._codecs[kind] = Codec(kind)
        return found

    def below(self, kind: type[Event]) -> list[type[Event]]:
        """The class itself and every known one derived from it."""
        return [known for known in self._names if issubclass(known, kind)]

    def __iter__(self) -> Iterator[tuple[str, type[Event]]]:
        return iter(self._kinds.items())


def _declared_in(file: ModuleType) -> Iterator[type[Event]]:
    parts = [file, *(importlib.import_module(f"{file.__name__}.{found.name}") for found in _folder(file))]
    for part in parts:
        for value in vars(part).values():
            if isinstance(value, type) and issubclass(value, Event) and value.__module__ == part.__name__:
                yield value


def _folder(file: ModuleType) -> Iterator[pkgutil.ModuleInfo]:
    return pkgutil.iter_modules(getattr(file, "__path__", []))
