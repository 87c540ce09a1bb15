"""Every job that the application knows."""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol

from ..module import BootRefused, Module
from .declaring import Declaration, Options, declaration_of
from .payloads import Codec
from .signatures import Signature, signature_of
from .timetable import Missed, Times

if TYPE_CHECKING:
    from .rows import ClaimedJob
    from .run import JobRun

JOBS_OF_CORE = {  # the first part of their names, and the file that declares them
    "core": "mainspring.core.jobs.upkeep",
    "audit": "mainspring.core.audit.jobs",
    "events": "mainspring.core.events.jobs",
    "http": "mainspring.core.http.upkeep",
    "token_keys": "mainspring.core.token_keys.jobs",
    "workflows": "mainspring.core.workflows.jobs",
}
LONGEST_NAME = 120


class Coder(Protocol):
    """Turns orders into JSON and back; `Codec` does it for dataclasses."""

    version: int

    def encode(self, order: Any) -> dict[str, Any]:
        """The order as JSON values."""

    def decode(self, data: dict[str, Any], version: int) -> Any:
        """The order of this or an older version. Raises GiveUp when it does not fit."""


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """A job: its function, how it is run, and what it takes.

    Other mechanisms of core make their own (a subscriber is one): `coder` reads their payloads, and `given` makes what their
    functions may ask for beside a job's usual parameters, by its class.
    """

    name: str
    function: Callable[..., Any]
    options: Options
    signature: Signature
    coder: Coder | None
    times: Times | None = None
    missed: Missed = "once"
    database: str = "default"
    given: Mapping[type[Any], Callable[["JobRun", "ClaimedJob"], Any]] = field(default_factory=dict)

    @property
    def version(self) -> int:
        """The newest version of its orders that this process understands."""
        return self.coder.version if self.coder else 1


class JobBook:
    """Definitions by name, and by the class of the order."""

    def __init__(self) -> None:
        self._by_name: dict[str, Definition] = {}
        self._by_order: dict[type[Any], Definition] = {}
        self._by_function: dict[Any, Definition] = {}

    @classmethod
    def of(cls, modules: Iterable[Module]) -> "JobBook":
        """Read core's own jobs and each module's `jobs.py`. Raises BootRefused with one sentence for what cannot be run."""
        book = cls()
        for name, path in JOBS_OF_CORE.items():
            book.read(name, importlib.import_module(path))
        for module in modules:
            file = module.file("jobs")
            if file is not None:
                book.read(module.name, file, database=module.database)
        return book

    def read(self, owner: str, file: ModuleType, database: str = "default") -> None:
        """Add every job declared in the file, or in the files of a folder."""
        for part in _parts(file):
            for value in vars(part).values():
                declared = declaration_of(value)
                if declared is not None and value.__module__ == part.__name__:
                    self.add(self.defined(f"{owner}.{value.__name__}", value, declared, database), by_order=True)

    def defined(self, name: str, function: Callable[..., Any], declared: Declaration, database: str = "default") -> Definition:
        """The definition of a function under a name. Raises BootRefused when the function cannot be a job."""
        signature = signature_of(function, name)
        if declared.times is not None and signature.order is not None:
            raise BootRefused(f"The job {name} has a schedule, so it cannot take an order.")
        coder = Codec(signature.order) if signature.order else None
        return Definition(name, function, declared.options, signature, coder, declared.times, declared.missed, database)

    def add(self, definition: Definition, *, by_order: bool = False) -> None:
        """Add a definition; `by_order` lets `uow.enqueue(order)` find it by the order's class. Raises BootRefused."""
        if len(definition.name) > LONGEST_NAME:
            raise BootRefused(f"The job {definition.name} has a name of more than {LONGEST_NAME} characters.")
        if definition.name in self._by_name:
            raise BootRefused(f"Two jobs are named {definition.name}.")
        order = definition.signature.order
        if by_order and order is not None:
            other = self._by_order.setdefault(order, definition)
            if other is not definition:
                raise BootRefused(f"Two jobs take {order.__name__}: {other.name} and {definition.name}.")
        self._by_name[definition.name] = definition
        if by_order:
            self._by_function[definition.function] = definition

    def find(self, name: str) -> Definition | None:
        """The job of this name, if this process knows it."""
        return self._by_name.get(name)

    def for_order(self, order: Any) -> Definition:
        """The job that takes this order, or that is this function. Raises LookupError when there is none."""
        found = self._by_order.get(type(order))
        if found is None and callable(order):
            found = self._by_function.get(order)
        if found is None:
            called = getattr(order, "__name__", None) or type(order).__name__
            raise LookupError(f"no job takes {called}; declare one with @job in the jobs.py of its module")
        return found

    def __iter__(self) -> Iterator[Definition]:
        return iter(self._by_name.values())

    def __len__(self) -> int:
        return len(self._by_name)


def _parts(file: ModuleType) -> Iterator[ModuleType]:
    yield file
    for found in pkgutil.iter_modules(getattr(file, "__path__", [])):
        yield importlib.import_module(f"{file.__name__}.{found.name}")
