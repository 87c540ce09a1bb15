"""Databases and settings for tests: a template is migrated once and copied for each test."""

import asyncio
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from mainspring.core.application import create_application
from mainspring.core.database.migrate import Migrations
from mainspring.core.settings import Settings, load_settings

from .emptying import prepare, reset
from .postgresql import Postgresql, database_name


@cache
def environment_of_tests() -> dict[str, str]:
    """What every test is given: known secrets, a key pair a process, cheap password hashing, limits on requests out of reach.

    Waits for the database and for hashing are long: requests that race while the machine stands still have one winner, no 503.
    Tests of those waits set their own.
    """
    key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    return {
        "APP_ENV": "test",
        "DB_SYNCHRONOUS": "off",
        "DB_ACQUIRE_TIMEOUT": "20s",
        "DB_LOCK_TIMEOUT": "20s",
        "DB_STATEMENT_TIMEOUT": "30s",
        "SESSION_SECRET": "a secret that signs in tests and nowhere else",
        "ENCRYPTION_KEY": "a key that encrypts in tests and nowhere else",
        "JWT_PRIVATE_KEY": key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
        "JWT_PUBLIC_KEY": key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode(),
        "PASSWORD__MEMORY_KIB": "8192",
        "PASSWORD__TIME_COST": "1",
        "PASSWORD__PARALLELISM": "1",
        "PASSWORD__LONGEST_WAIT": "20s",
        "RATE_LIMITS__ANONYMOUS": "1000000/15m",
        "RATE_LIMITS__SIGNED_IN": "1000000/1h",
    }


def settings_for(database_url: str, folder: Path, environment: Mapping[str, str]) -> Settings:
    """Settings of a test: nothing from the process environment or `.env` files, only what is given here."""
    given = {**environment_of_tests(), "DATABASE_URL": database_url, "DATA_DIR": str(folder / "data"), **environment}
    return load_settings(environ=given, directory=folder)


class SqliteTemplate:
    """A migrated file that each test copies."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "mainspring.db"
        _migrate(f"sqlite:///{self._path}", folder)

    def copy(self, path: Path) -> str:
        """Copy it to `path` and answer the address of the copy."""
        shutil.copyfile(self._path, path)
        return f"sqlite:///{path}"


class PostgresqlTemplate:
    """A migrated database that tests borrow copies of.

    A copy is emptied after a test and lent again: making and dropping a database costs the server a checkpoint each, up to a
    second, and emptying one some milliseconds. A copy whose tables a test changed is dropped instead.
    """

    def __init__(self, server: Postgresql, folder: Path) -> None:
        self._server = server
        self._template = server.create().result()
        self._cleaned: list[Future[str | None]] = []
        self._resets = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reset")
        _migrate(self._template, folder)
        self._resets.submit(asyncio.run, prepare(self._template)).result()

    @contextmanager
    def copy(self) -> Iterator[str]:
        """A copy for one test."""
        url = self._clean_one() or self._server.create(database_name(self._template)).result()
        try:
            yield url
        finally:
            self._cleaned.append(self._resets.submit(self._clean, url))

    def drop(self) -> None:
        """Drop the template and its copies."""
        while url := self._clean_one():
            self._server.drop(url)
        self._resets.shutdown()
        self._server.drop(self._template)

    def _clean_one(self) -> str | None:
        while self._cleaned:
            if url := self._cleaned.pop().result():
                return url
        return None

    def _clean(self, url: str) -> str | None:
        if asyncio.run(reset(url)):
            return url
        self._server.drop(url)
        return None


def _migrate(url: str, folder: Path) -> None:
    async def up() -> None:
        application = create_application(settings_for(url, folder, {}))
        await Migrations(application).up()
        await application.start()  # modules fill their tables at the first start
        await application.stop()

    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(asyncio.run, up()).result()
