"""`@durable`: a workflow that survives the process that began it (R-292)."""

import importlib
import inspect
import pkgutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from types import ModuleType
from typing import TYPE_CHECKING, Any, Generic, TypeVar, get_type_hints

from ..jobs import Backoff
from ..module import BootRefused
from .errors import UnknownWorkflow
from .shapes import Shape, shape_of

if TYPE_CHECKING:
    from .flow import Flow

I = TypeVar("I")  # noqa: E741 - the input
R = TypeVar("R")

LONGEST_NAME = 200


@dataclass(frozen=True, slots=True, eq=False)
class Durable(Generic[I, R]):
    """A declared workflow. Call it as the function it was made of in tests; `Workflows` runs it."""

    name: str
    function: "Callable[[Flow, I], Awaitable[R]]"
    takes: type[I]
    deadline: timedelta | None
    attempts: int
    backoff: Backoff
    input: Shape[I]
    output: Shape[R]

    async def __call__(self, flow: "Flow", wish: I) -> R:
        """Carry out the function."""
        return await self.function(flow, wish)


@dataclass(slots=True)
class Declared:
    """Every workflow of this process, by name and by the type of its input."""

    by_name: dict[str, Durable[Any, Any]] = field(default_factory=dict)
    by_input: dict[type[Any], Durable[Any, Any]] = field(default_factory=dict)

    def add(self, durable: Durable[Any, Any]) -> None:
        """Remember it. Raises BootRefused when another one has its name or its input."""
        for other in (self.by_name.get(durable.name), self.by_input.get(durable.takes)):
            if other is not None and not _is_same(other.function, durable.function):
                raise BootRefused(
                    f"Two workflows share a name or an input: {other.name} of {other.function.__module__} and "
                    f"{durable.name} of {durable.function.__module__}."
                )
        self.by_name[durable.name] = self.by_input[durable.takes] = durable

    def named(self, name: str) -> Durable[Any, Any]:
        """The workflow of this name. Raises UnknownWorkflow when this process has none."""
        found = self.by_name.get(name)
        if found is None:
            raise UnknownWorkflow(f"No workflow is called {name!r} in this process.")
        return found

    def of(self, wish: object) -> Durable[Any, Any]:
        """The workflow that takes this input. Raises TypeError when there is none."""
        found = self.by_input.get(type(wish))
        if found is None:
            raise TypeError(f"No workflow takes {type(wish).__name__}; declare one with @durable.")
        return found


DECLARED = Declared()


def durable(
    *, deadline: timedelta | None = None, attempts: int = 10, backoff: Backoff | None = None, name: str | None = None
) -> "Callable[[Callable[[Flow, I], Awaitable[R]]], Durable[I, R]]":
    """Make a workflow of `async def place_order(flow: Flow, wish: PlaceOrderFlow) -> PlacedOrder`.

    It is named `<module>.<function>` and found by the type of its input, a frozen dataclass. After `deadline` it is undone.
    A step that fails unexpectedly is tried `attempts` times in a row, `backoff` apart, then the workflow is stuck. Between its
    steps the function must be deterministic: after a crash it runs again from the start, with what its steps answered before.
    Raises TypeError when an annotation is missing or cannot be stored, BootRefused when two share a name or an input.
    """
    if attempts < 1:
        raise ValueError("a workflow needs at least one attempt")

    def declare(function: "Callable[[Flow, I], Awaitable[R]]") -> Durable[I, R]:
        if not inspect.iscoroutinefunction(function):
            raise TypeError(f"{function.__qualname__} must be declared with async def.")
        from .flow import Flow

        hints = get_type_hints(function, localns={"Flow": Flow}, include_extras=True)
        parameters = list(inspect.signature(function).parameters)
        if len(parameters) != 2 or parameters[1] not in hints or "return" not in hints:
            raise TypeError(f"{function.__qualname__} must take a flow and an input, both annotated, and say what it answers.")
        takes = hints[parameters[1]]
        full_name = name or f"{_module_of(function)}.{function.__name__}"
        if len(full_name) > LONGEST_NAME:
            raise ValueError(f"the name {full_name} is longer than {LONGEST_NAME} characters")
        made = Durable(
            full_name, function, takes, deadline, attempts, backoff or Backoff(), shape_of(takes), shape_of(hints["return"])
        )
        DECLARED.add(made)
        return made

    return declare


def load(package: ModuleType) -> None:
    """Import every file of a module's `workflows` folder, so that no declared workflow is missed."""
    for found in pkgutil.walk_packages(getattr(package, "__path__", ()), f"{package.__name__}."):
        importlib.import_module(found.name)


def _module_of(function: Callable[..., Any]) -> str:
    """The name of the feature: the folder that holds `workflows`, or the file itself where there is none."""
    parts = function.__module__.split(".")
    return parts[parts.index("workflows", 1) - 1] if "workflows" in parts[1:] else parts[-1]


def _is_same(one: Callable[..., Any], other: Callable[..., Any]) -> bool:
    return (one.__module__, one.__qualname__) == (other.__module__, other.__qualname__)
