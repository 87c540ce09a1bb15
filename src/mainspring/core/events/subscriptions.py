"""Who listens to which event, read from the modules' `subscribers.py` when the application starts."""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from types import ModuleType
from typing import Any

from ..jobs.book import Definition, JobBook
from ..jobs.declaring import declaration_of
from ..jobs.signatures import signature_of
from ..module import BootRefused, Module
from .catalogue import EventCatalogue
from .delivery import Delivery, EventCoder
from .event import Event
from .subscribing import kinds_of


class Subscriptions:
    """The subscribers of each kind of event. Each is a job in the book."""

    def __init__(self, catalogue: EventCatalogue, book: JobBook) -> None:
        self._catalogue, self._book = catalogue, book
        self._listeners: dict[type[Event], tuple[Definition, ...]] = {}

    @property
    def listeners(self) -> Mapping[type[Event], tuple[Definition, ...]]:
        """The subscribers by event; a kind that nobody listens to is not in it."""
        return self._listeners

    def read(self, modules: Iterable[Module]) -> None:
        """Add the subscribers of every module. Raises BootRefused with one sentence for what cannot be called."""
        for module in modules:
            file = module.file("subscribers")
            if file is not None:
                for function in _subscribers_in(file):
                    self._add_function(f"{module.name}.{function.__name__}", function, module.database)

    def add(self, definition: Definition, kinds: Iterable[type[Event]]) -> None:
        """Add one that is made by hand. Raises BootRefused when the name is taken."""
        self._book.add(definition)
        for kind in kinds:
            self._listeners[kind] = (*self._listeners.get(kind, ()), definition)

    def _add_function(self, name: str, function: Any, database: str) -> None:
        kinds = list(dict.fromkeys(kind for named in kinds_of(function) for kind in self._known(name, named, database)))
        declared = declaration_of(function)
        assert declared is not None, "subscribe declares the job"  # noqa: S101
        signature = signature_of(function, name, given=[Delivery])
        if signature.order is None:
            raise BootRefused(f"The subscriber {name} does not take its event.")
        for kind in kinds:
            if not issubclass(kind, signature.order):
                raise BootRefused(f"The subscriber {name} takes {signature.order.__name__} and is subscribed to {kind.__name__}.")
            self._catalogue.codec_of(kind)
        coder = EventCoder(self._catalogue, kinds)
        given = {Delivery: Delivery.of}
        self.add(Definition(name, function, declared.options, signature, coder, database=database, given=given), kinds)

    def _known(self, name: str, kind: type[Event], database: str) -> list[type[Event]]:
        found = self._catalogue.below(kind)
        if not found:
            raise BootRefused(f"The subscriber {name} listens to {kind.__name__}, which stands in no module's events.py.")
        for each in found:
            if self._catalogue.database_of(each) != database:
                raise BootRefused(
                    f"The subscriber {name} listens to {each.__name__} of another database, where its unit cannot write."
                )
        return found


def _subscribers_in(file: ModuleType) -> Iterator[Any]:
    folder = pkgutil.iter_modules(getattr(file, "__path__", []))
    for part in (file, *(importlib.import_module(f"{file.__name__}.{found.name}") for found in folder)):
        for value in vars(part).values():
            if kinds_of(value) and value.__module__ == part.__name__:
                yield value
