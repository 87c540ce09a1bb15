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
from mainspring.core.settings import Settings, load_settings

from .postgresql import Postgresql, database_name


@cache
def environment_of_tests() -> dict[str, str]:
    """What every test is given: known secrets, one key pair a process, and cheap password hashing."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    return {
        "APP_ENV": "test",
        "DB_SYNCHRONOUS": "off",
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
    """A migrated database that each test copies. The copy for the next test is made while one runs."""

    def __init__(self, server: Postgresql, folder: Path) -> None:
        self._server = server
        self._template = server.create().result()
        self._next: Future[str] | None = None
        _migrate(self._template, folder)

    @contextmanager
    def copy(self) -> Iterator[str]:
        """A copy, dropped afterwards."""
        url = (self._next or self._copy()).result()
        self._next = self._copy()
        try:
            yield url
        finally:
            self._server.drop(url)

    def drop(self) -> None:
        """Drop the template and the copy that nobody took."""
        if self._next is not None:
            self._server.drop(self._next.result())
        self._server.drop(self._template)

    def _copy(self) -> "Future[str]":
        return self._server.create(database_name(self._template))


def _migrate(url: str, folder: Path) -> None:
    async def up() -> None:
        application = create_application(settings_for(url, folder, {}))
        try:
            from mainspring.core.database.migrate import Migrations
        except ImportError:
            await _create_tables(url)
        else:
            await Migrations(application).up()

    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(asyncio.run, up()).result()


async def _create_tables(url: str) -> None:
    from sqlalchemy import create_engine
    from sqlalchemy.ext.asyncio import create_async_engine

    from mainspring.core.database import Model

    if url.startswith("sqlite"):
        engine = create_engine(url)
        Model.metadata.create_all(engine)
        engine.dispose()
        return
    asynchronous = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"))
    async with asynchronous.begin() as connection:
        await connection.run_sync(Model.metadata.create_all)
    await asynchronous.dispose()
