"""What a unit of work asks of a database. One implementation per dialect."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from .compiling import Compiled, DialectName
from .statement import Statement

Deferred = list[tuple[Statement[Any], Mapping[str, Any]]]


class Session(Protocol):
    """The connection of one unit, taken at its first statement."""

    dialect: DialectName

    @property
    def committed(self) -> bool:
        """Whether the commit has happened; a unit that is cancelled while it commits needs to know."""

    @property
    def has_begun(self) -> bool:
        """Whether a statement has run."""

    async def fetch(self, compiled: Compiled[Any], arguments: tuple[Any, ...]) -> Sequence[Any]:
        """The driver's rows."""

    async def execute(self, compiled: Compiled[Any], arguments: tuple[Any, ...]) -> int:
        """How many rows changed."""

    async def execute_many(self, compiled: Compiled[Any], arguments: list[tuple[Any, ...]]) -> None:
        """The statement once per tuple."""

    async def fetch_many(self, compiled: Compiled[Any], arguments: list[tuple[Any, ...]]) -> Sequence[Any]:
        """The statement once per tuple, and the driver's rows of all of them."""

    async def lock(self, key: int, *, wait: bool) -> bool:
        """Hold a number until the transaction ends; False when another one holds it."""

    async def commit(self, deferred: Deferred) -> None:
        """Run the deferred statements and commit; nothing when no statement ran and none is deferred."""

    async def rollback(self) -> None:
        """Undo everything; never raises for a transaction that is gone already."""

    def savepoint(self) -> AbstractAsyncContextManager[None]:
        """A part that can fail alone."""


class ReadOnly:
    """What a session of reads answers to everything that would change something."""

    committed = has_begun = False

    async def execute(self, compiled: Compiled[Any], arguments: tuple[Any, ...]) -> int:
        """Refused."""
        raise _changes_nothing()

    async def execute_many(self, compiled: Compiled[Any], arguments: list[tuple[Any, ...]]) -> None:
        """Refused."""
        raise _changes_nothing()

    async def fetch_many(self, compiled: Compiled[Any], arguments: list[tuple[Any, ...]]) -> Sequence[Any]:
        """Refused."""
        raise _changes_nothing()

    async def lock(self, key: int, *, wait: bool) -> bool:
        """Refused."""
        raise _changes_nothing()

    async def commit(self, deferred: Deferred) -> None:
        """Nothing to commit."""

    async def rollback(self) -> None:
        """Nothing to undo."""

    def savepoint(self) -> AbstractAsyncContextManager[None]:
        """Refused."""
        raise _changes_nothing()


def _changes_nothing() -> RuntimeError:
    return RuntimeError("a read unit changes nothing; take a write unit")
