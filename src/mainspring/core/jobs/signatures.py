"""What a job's function asks for, found by its annotations when the application starts."""

import inspect
import typing
from collections.abc import Callable, Iterable
from dataclasses import dataclass, is_dataclass
from typing import Any, Literal

from ..database.unit_of_work import UnitOfWork
from ..module import BootRefused
from .run import JobRun

Role = Literal["unit", "run", "application", "order", "given"]


@dataclass(frozen=True, slots=True)
class Signature:
    """The parameters: each one's name, what it is, and its class; and the class of the order."""

    roles: tuple[tuple[str, Role, type[Any]], ...]
    order: type[Any] | None
    is_async: bool

    @property
    def unit(self) -> str | None:
        """The name of the parameter that takes the unit which marks the job done."""
        return next((name for name, role, _ in self.roles if role == "unit"), None)


def signature_of(function: Callable[..., Any], name: str, given: Iterable[type[Any]] = ()) -> Signature:
    """Read it; `given` are further classes that it may ask for. Raises BootRefused with one sentence when it cannot be called."""
    from ..application import Application

    known: dict[Any, Role] = {UnitOfWork: "unit", JobRun: "run", Application: "application"}
    known |= dict.fromkeys(given, "given")
    try:
        hints = typing.get_type_hints(function)
    except (NameError, TypeError) as problem:
        raise BootRefused(f"The job {name} has an annotation that cannot be read: {problem}.") from None
    roles: list[tuple[str, Role, type[Any]]] = []
    order: type[Any] | None = None
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            raise BootRefused(f"The job {name} takes {parameter}, and jobs get their parameters by name.")
        kind = hints.get(parameter.name)
        role = known.get(kind) if isinstance(kind, type) else None
        if role is None:
            if not (isinstance(kind, type) and is_dataclass(kind)):
                raise BootRefused(
                    f"The job {name} takes {parameter.name}, which is neither its order (a dataclass) nor a UnitOfWork, a JobRun"
                    " or the Application."
                )
            if order is not None:
                raise BootRefused(f"The job {name} takes two orders, {order.__name__} and {kind.__name__}.")
            role, order = "order", kind
        elif hints[parameter.name] in {taken for _, _, taken in roles}:
            raise BootRefused(f"The job {name} takes two parameters of the type {hints[parameter.name].__name__}.")
        roles.append((parameter.name, role, hints[parameter.name]))
    is_async = inspect.iscoroutinefunction(function)
    if not is_async and any(role == "unit" for _, role, _ in roles):
        raise BootRefused(f"The job {name} is not async, so it runs on a thread and cannot take a UnitOfWork.")
    return Signature(tuple(roles), order, is_async)
