"""The fixtures, found by pytest through the entry point `mainspring`. Everything heavy is imported when a fixture is used."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mainspring.core.application import Application
    from mainspring.core.database import Database
    from mainspring.core.settings import Settings

    from .brokers import Broker
    from .client import AppClient
    from .databases import PostgresqlTemplate, SqliteTemplate
    from .postgresql import Postgresql
    from .servers import RunningServer

DIALECTS = ("sqlite", "postgresql")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--complete` turns every skip for a missing server into a failure."""
    group = parser.getgroup("mainspring")
    group.addoption("--complete", action="store_true", help="fail instead of skipping when a server is missing")


@pytest.fixture(scope="session")
def postgresql_server(request: pytest.FixtureRequest) -> "Iterator[Postgresql]":
    """A PostgreSQL server: TEST_DATABASE_URL, else the one on loopback, else one started for this run."""
    from .postgresql import NoServer, find_postgresql

    try:
        server = find_postgresql()
    except NoServer as missing:
        if request.config.getoption("--complete"):
            pytest.fail(str(missing))
        pytest.skip(str(missing))
    with server:
        yield server


@pytest.fixture(scope="session")
def rabbitmq_url(request: pytest.FixtureRequest) -> str:
    """The address of RabbitMQ: TEST_RABBITMQ_URL, else loopback."""
    from .brokers import RABBITMQ

    return _broker(request, RABBITMQ)


@pytest.fixture(scope="session")
def nats_url(request: pytest.FixtureRequest) -> str:
    """The address of NATS with JetStream: TEST_NATS_URL, else loopback."""
    from .brokers import NATS

    return _broker(request, NATS)


@pytest.fixture(scope="session")
def redis_url(request: pytest.FixtureRequest) -> str:
    """The address of Redis: TEST_REDIS_URL, else loopback."""
    from .brokers import REDIS

    return _broker(request, REDIS)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> "SqliteTemplate":
    """A file with every table, made once."""
    from .databases import SqliteTemplate

    return SqliteTemplate(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgresql_template(
    postgresql_server: "Postgresql", tmp_path_factory: pytest.TempPathFactory
) -> "Iterator[PostgresqlTemplate]":
    """A database with every table, made once."""
    from .databases import PostgresqlTemplate

    template = PostgresqlTemplate(postgresql_server, tmp_path_factory.mktemp("postgresql"))
    yield template
    template.drop()


@pytest.fixture(params=DIALECTS)
def dialect(request: pytest.FixtureRequest) -> str:
    """The name of the database; a test that uses it runs once on each."""
    return str(request.param)


@pytest.fixture
def empty_database_url(dialect: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a new database without any table."""
    if dialect == "sqlite":
        yield f"sqlite:///{tmp_path / 'mainspring.db'}"
        return
    with request.getfixturevalue("postgresql_server").database() as url:
        yield url


@pytest.fixture
def database_url(dialect: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a new database with every table, copied from a template."""
    template = request.getfixturevalue(f"{dialect}_template")
    if dialect == "sqlite":
        yield template.copy(tmp_path / "mainspring.db")
        return
    with template.copy() as url:
        yield url


@pytest.fixture
def environment() -> dict[str, str]:
    """Variables that a test file adds to the settings: override this fixture."""
    return {}


@pytest.fixture
def settings(database_url: str, environment: dict[str, str], tmp_path: Path) -> "Settings":
    """The settings of one test: its own database and data folder, cheap password hashing."""
    from .databases import settings_for

    return settings_for(database_url, tmp_path, environment)


@pytest.fixture
async def application(settings: "Settings") -> "AsyncIterator[Application]":
    """The running whole with every installed module, started and stopped around the test."""
    from mainspring.core.application import create_application

    application = create_application(settings)
    await application.start()
    try:
        yield application
    finally:
        await application.stop()


@pytest.fixture
def database(application: "Application") -> "Database":
    """The open default database with every table; the test runs on SQLite and on PostgreSQL."""
    return application.database


@pytest.fixture
async def app(application: "Application") -> "AsyncIterator[AppClient]":
    """A client of the whole application in this process: `await app.get("/api/v1/products")`."""
    from .client import AppClient

    async with AppClient.of(application) as client:
        yield client


@pytest.fixture
def server(database_url: str, environment: dict[str, str], tmp_path: Path) -> "Iterator[Callable[..., RunningServer]]":
    """Starts real `mainspring serve` processes: `server(workers=2, env={"REFRESH_GRACE": "0s"})`; all end with the test."""
    from .servers import start_server

    with ExitStack() as running:

        def start(workers: int | None = 1, env: dict[str, str] | None = None, **options: Any) -> "RunningServer":
            merged = environment | (env or {})
            return running.enter_context(start_server(database_url, tmp_path, workers=workers, env=merged, **options))

        yield start


def _broker(request: pytest.FixtureRequest, broker: "Broker") -> str:
    from .brokers import NoBroker, find_broker

    try:
        return find_broker(broker)
    except NoBroker as missing:
        if request.config.getoption("--complete"):
            pytest.fail(str(missing))
        pytest.skip(str(missing))
