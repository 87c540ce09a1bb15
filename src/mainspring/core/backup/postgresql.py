"""Copies of PostgreSQL databases by `pg_dump`, of the same snapshot that the counts of the manifest are of."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import asyncpg

from .. import ids
from ..database.postgresql.database import driver_url
from .manifest import Copied
from .refusals import BackupRefused
from .sqlite import HEADS

CONNECT_SECONDS = 10
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename"
DROPS = """
SELECT format('DROP %s IF EXISTS %s CASCADE', kind, name) FROM (
    SELECT oid,
        CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind,
        oid::regclass::text AS name, 1 AS turn
    FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')
    UNION ALL
    SELECT oid, 'ROUTINE', oid::regprocedure::text, 2 FROM pg_proc WHERE pronamespace = current_schema()::regnamespace
    UNION ALL
    SELECT oid, 'TYPE', oid::regtype::text, 3
    FROM pg_type WHERE typnamespace = current_schema()::regnamespace AND typtype IN ('e', 'd')
) ours
WHERE NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = ours.oid AND deptype = 'e')
ORDER BY turn, kind DESC, name"""
OTHERS = """SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"""
UNCHECKED = "SELECT conrelid::regclass || ': ' || conname FROM pg_constraint WHERE NOT convalidated"


async def copy(url: str, target: Path, part: str) -> Copied:
    """Dump the database of one moment. Raises BackupRefused."""
    program = _program("pg_dump")
    async with _connected(url) as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        await connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        await connection.execute("SET LOCAL statement_timeout = 0")
        snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
        copied = await _told(connection, part)
        schema = await connection.fetchval("SELECT quote_ident(current_schema())")
        options = [
            f"--schema={schema}",
            "--format=custom",
            "--no-owner",
            "--no-privileges",
            f"--snapshot={snapshot}",
            f"--file={target}",
        ]
        await _run(url, program, *options)
    return copied


async def told(url: str, part: str) -> Copied:
    """What is in a database."""
    async with _connected(url) as connection:
        return await _told(connection, part)


async def damages(url: str) -> list[str]:
    """Foreign keys and checks that were never looked at; PostgreSQL looks at all others as it restores."""
    async with _connected(url) as connection:
        return [f"{row[0]} was not checked" for row in await connection.fetch(UNCHECKED)]


async def has_tables(url: str) -> bool:
    """Whether anything is in the database."""
    async with _connected(url) as connection:
        return bool(await connection.fetch(TABLES))


async def refuse_used(url: str) -> None:
    """Raise BackupRefused while anybody else is connected."""
    async with _connected(url) as connection:
        if others := await connection.fetchval(OTHERS):
            raise BackupRefused(f"{others} connections use the database. Stop every server and worker first.")


async def put(dump: Path, url: str) -> None:
    """Put a dump in the place of all tables, in one transaction: it is there whole, or what was there before is."""
    programs = _program("pg_restore"), _program("psql")
    async with _connected(url) as connection:
        drops = [str(row[0]) for row in await connection.fetch(DROPS)]
        schema = await connection.fetchval("SELECT current_schema()")
    script, first = dump.with_suffix(".sql"), dump.with_suffix(".drop.sql")
    # written out whole first: psql at the end of a pipe would commit what a failed pg_restore had told until then
    chosen = ["--no-owner", "--no-privileges", f"--schema={schema}", f"--file={script}"]
    await _run(url, programs[0], *chosen, str(dump), connects=False)
    first.write_text("".join(f"{drop};\n" for drop in drops))
    options = ["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--output=/dev/null"]
    await _run(url, programs[1], *options, f"--file={first}", f"--file={script}")
    script.unlink()


@asynccontextmanager
async def temporary(url: str) -> AsyncIterator[str]:
    """The address of a new database on the same server, dropped afterwards. Raises BackupRefused."""
    name = f"mainspring_verify_{ids.new().hex}"
    async with _connected(url) as connection:
        try:
            await connection.execute(f'CREATE DATABASE "{name}"')
        except asyncpg.InsufficientPrivilegeError:
            raise BackupRefused("--verify needs a role that may create databases (ALTER ROLE ... CREATEDB).") from None
        try:
            yield urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
        finally:
            await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def server_of(url: str | None, name: str) -> str:
    """The address of a server for a copy of the database. Raises BackupRefused when the settings name none."""
    if url is None or url.startswith("sqlite:"):
        variable = "DATABASE_URL" if name == "default" else f"DATABASES__{name.upper()}__URL"
        raise BackupRefused(f"The database {name} is of PostgreSQL: let {variable} name a server to verify it on.")
    return url


async def _told(connection: "asyncpg.Connection[Any]", part: str) -> Copied:
    counts, heads = {}, {}
    for (name,) in await connection.fetch(TABLES):
        quoted = await connection.fetchval("SELECT quote_ident($1)", name)
        counts[name] = int(await connection.fetchval(f"SELECT count(*) FROM {quoted}"))  # noqa: S608 - quoted
        if name.startswith(HEADS) and (head := await connection.fetchval(f"SELECT version_num FROM {quoted}")):  # noqa: S608 - quoted
            heads[name.removeprefix(HEADS)] = str(head)
    version = connection.get_server_version()
    return Copied("postgresql", part, f"{version.major}.{version.minor}", heads, counts)


@asynccontextmanager
async def _connected(url: str) -> "AsyncIterator[asyncpg.Connection[Any]]":
    try:
        connection = await asyncpg.connect(driver_url(url), timeout=CONNECT_SECONDS, statement_cache_size=0)
    except (OSError, TimeoutError, asyncpg.PostgresError) as problem:
        where = urlsplit(url)
        told = f"PostgreSQL at {where.hostname}:{where.port or 5432} cannot be reached: {type(problem).__name__}."
        raise BackupRefused(told) from problem
    try:
        yield connection
    finally:
        await connection.close(timeout=CONNECT_SECONDS)


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise BackupRefused(f"{name} is not installed: install PostgreSQL's client programs (Debian: postgresql-client).")
    return found


async def _run(url: str, program: str, *options: str, connects: bool = True) -> None:
    """Run one of PostgreSQL's programs. The password goes by its environment, where no other user of the machine sees it."""
    parts = urlsplit(driver_url(url))
    environment = dict(os.environ)
    if parts.password:
        environment["PGPASSWORD"] = unquote(parts.password)
    user, _, place = parts.netloc.rpartition("@")
    address = urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}@{place}" if user else place))
    command = [program, *([f"--dbname={address}"] if connects else []), *options]
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    try:
        _, said = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        lines = [line for line in said.decode(errors="replace").splitlines() if line.strip()]
        reason = next((line for line in lines if "error" in line.lower()), lines[0] if lines else "it said nothing")
        raise BackupRefused(f"{Path(program).name} failed: {reason.strip().rstrip('.')}.")
