"""A database that the application holds open. There may be several (R-210); nothing here is global."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from ..context import Context, current
from ..errors import MainspringError
from .compiling import DialectName
from .figures import DatabaseFigures
from .logged import LoggedSession
from .observed import ObservedSession
from .options import DatabaseOptions
from .session import Session
from .signals import Signals
from .slow_queries import SlowQueries
from .unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from ..events.outbox import Outbox


def _no_port(kind: type[Any]) -> Any:
    raise LookupError(f"No implementation registered for {kind.__name__}.")


class Database(ABC):
    """One database. `resolve` answers ports and `outbox` knows who listens to events; the application sets both.

    `audited` is called after a commit that wrote audit rows, by whoever chains them."""

    dialect: DialectName

    def __init__(self, url: str, options: DatabaseOptions | None = None) -> None:
        self.url = url
        self.options = options or DatabaseOptions()
        self.resolve: Callable[[type[Any]], Any] = _no_port
        self.outbox: Outbox | None = None
        self.audited: Callable[[], None] | None = None
        self.slow_queries = SlowQueries(self.options.slow_query, self.plan_of)

    @abstractmethod
    async def open(self) -> None:
        """Connect once and check the version. Raises DatabaseUnavailable or BootRefused with one sentence (R-212)."""

    @abstractmethod
    async def close(self) -> None:
        """Finish what runs and let go."""

    @abstractmethod
    async def ping(self) -> None:
        """Ask the database for an answer. Raises DatabaseUnavailable when there is none (R-198)."""

    @abstractmethod
    async def plan_of(self, sql: str, parameters: int) -> str:
        """How the database would carry out a statement with so many parameters, whose values it is not told. Nothing is run."""

    @abstractmethod
    def figures(self) -> DatabaseFigures:
        """What this process does with the database at the moment, for the metrics."""

    @abstractmethod
    def write_session(self, context: Context) -> Session:
        """A session with a transaction of its own."""

    @abstractmethod
    def read_session(self) -> Session:
        """A session of autocommit reads."""

    @abstractmethod
    def signals(self, channel: str) -> Signals:
        """A way to wake the other processes on this database; whoever takes it stops it. `channel` is an identifier."""

    def begin_unit(self, context: Context | None = None) -> UnitOfWork:
        """A write unit that the caller commits or rolls back. Nothing happens on the database before its first statement."""
        context = context or current()
        return UnitOfWork(self, self._told(self.write_session(context), context), context, writes=True)

    def begin_reading(self, context: Context | None = None) -> UnitOfWork:
        """A read unit. It holds nothing, so it needs no end."""
        context = context or current()
        return UnitOfWork(self, self._told(self.read_session(), context), context, writes=False)

    def _told(self, session: Session, context: Context) -> Session:
        """Every unit is watched. Only what somebody asked for is told: our own upkeep looks for work every second."""
        told = LoggedSession(session) if self.options.log_statements and context.method else session
        return ObservedSession(told, context, self.slow_queries)

    @asynccontextmanager
    async def unit(self, context: Context | None = None) -> AsyncIterator[UnitOfWork]:
        """A write unit that commits at the end, and rolls back when anything is raised but an error with `keep_writes`."""
        uow = self.begin_unit(context)
        try:
            yield uow
        except MainspringError as error:
            await (uow.commit() if error.keep_writes else uow.rollback())
            raise
        except BaseException:
            await uow.rollback()
            raise
        await uow.commit()

    @asynccontextmanager
    async def reading(self, context: Context | None = None) -> AsyncIterator[UnitOfWork]:
        """A read unit."""
        yield self.begin_reading(context)

    async def __aenter__(self) -> "Database":
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def open_database(url: str, options: DatabaseOptions | None = None) -> Database:
    """The database that the URL names: `sqlite:///path` or `postgresql://...`. Call `open()` before use.

    Raises ValueError for another kind of URL.
    """
    scheme = url.partition(":")[0].partition("+")[0]
    if scheme == "sqlite":
        from .sqlite.database import SqliteDatabase

        return SqliteDatabase(url, options)
    if scheme in {"postgresql", "postgres"}:
        from .postgresql.database import PostgresqlDatabase

        return PostgresqlDatabase(url, options)
    raise ValueError(f"DATABASE_URL must begin with sqlite: or postgresql:, not {scheme!r}")
