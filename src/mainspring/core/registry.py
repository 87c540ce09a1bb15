"""Ports and what answers them (R-030, R-031). A port is a class; modules and adapters register a factory for it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from .module import BootRefused

if TYPE_CHECKING:
    from .database import UnitOfWork

T = TypeVar("T")


class Registry:
    """Implementations by port. A later registration replaces an earlier one, so an adapter replaces a local twin."""

    def __init__(self) -> None:
        self._factories: dict[type[Any], Callable[[], Any]] = {}
        self._scoped: dict[type[Any], Callable[[UnitOfWork], Any]] = {}
        self._made: dict[type[Any], Any] = {}

    def register(self, port: type[T], factory: Callable[[], T]) -> None:
        """Answer `port` with a new object each time."""
        self._factories[port] = factory

    def singleton(self, port: type[T], factory: Callable[[], T]) -> None:
        """Answer `port` with one object, made at the first question."""
        self._made.pop(port, None)

        def once() -> T:
            if port not in self._made:
                self._made[port] = factory()
            return cast(T, self._made[port])

        self._factories[port] = once

    def made(self, port: type[T]) -> T | None:
        """The singleton of the port if somebody asked for it already; whoever closes things asks here."""
        return cast("T | None", self._made.get(port))

    def scoped(self, port: type[T], factory: Callable[["UnitOfWork"], T]) -> None:
        """Answer `port` with an object made for the unit of work that asks."""
        self._scoped[port] = factory

    def resolve(self, port: type[T], uow: "UnitOfWork | None" = None) -> T:
        """The implementation. Raises BootRefused when there is none."""
        if port in self._factories:
            return cast(T, self._factories[port]())
        if uow is not None and port in self._scoped:
            return cast(T, self._scoped[port](uow))
        raise BootRefused(f"No implementation registered for {port.__name__}.")

    def __contains__(self, port: type[Any]) -> bool:
        return port in self._factories or port in self._scoped
