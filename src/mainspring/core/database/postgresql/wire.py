"""A PostgreSQL connection that saves round trips: what needs no answer travels with the message behind it.

PostgreSQL reads messages in order and answers at the next Sync. asyncpg sends one statement and its Sync at a time and passes
over the completions of others, so BEGIN is written in front of a unit's first statement, and rows that only have to be there
at the commit are written in front of COMMIT. A unit with one insert and one audit row takes two round trips instead of four
(403 us instead of 552). An error in front skips everything up to the Sync, the statement behind it included, and is raised
there. This file is the only one that knows asyncpg's inside; its tests fail when a version of it works differently.
"""

import itertools
import struct
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from ..building import moment_of_text, uuid_of_bytes

MOST_PREPARED = 1000
NUMBERS = itertools.count(1)
NULL = b"\xff\xff\xff\xff"
EXECUTE = b"E" + struct.pack("!i", 9) + b"\0" + struct.pack("!i", 0)


class Wire:
    """One connection with its prepared statements."""

    __slots__ = ("_begin", "_bind_execute", "_commit", "_kept", "_prepared", "_rollback", "_write", "connection", "idle_since")

    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self.connection = connection
        self.idle_since = 0.0
        self._prepared: dict[str, Any] = {}
        self._kept: dict[str, Any] = {}
        self._bind_execute = connection._protocol.bind_execute
        self._write = connection._transport.write

    async def prepare(self) -> "Wire":
        """Set the codecs and prepare what every unit needs."""
        set_codec = self.connection.set_type_codec
        await set_codec("uuid", schema="pg_catalog", format="binary", encoder=_uuid_bytes, decoder=uuid_of_bytes)
        await set_codec("jsonb", schema="pg_catalog", format="binary", encoder=_jsonb, decoder=_from_jsonb)
        # the driver makes a moment of eight bytes in 0.8 us; the text is read in 0.2
        await set_codec("timestamptz", schema="pg_catalog", format="text", encoder=datetime.isoformat, decoder=moment_of_text)
        await set_codec("json", schema="pg_catalog", format="text", encoder=_json_text, decoder=orjson.loads)
        begin, self._commit, self._rollback = [await self._state(sql) for sql in ("BEGIN", "COMMIT", "ROLLBACK")]
        self._begin = message(begin.name, ())
        return self

    async def fetch(self, sql: str, arguments: tuple[Any, ...], *, begin: bool = False) -> list[Any]:
        """The rows; with `begin` a transaction begins in the same round trip."""
        state = self._prepared.get(sql) or await self._state(sql)
        if begin:
            self._write(self._begin)
        return await self._bind_execute(state, arguments, "", 0, False, None)  # type: ignore[no-any-return]  # asyncpg is untyped

    async def execute(self, sql: str, arguments: tuple[Any, ...], *, begin: bool = False) -> int:
        """How many rows changed; with `begin` a transaction begins in the same round trip."""
        state = self._prepared.get(sql) or await self._state(sql)
        if begin:
            self._write(self._begin)
        _, status, _ = await self._bind_execute(state, arguments, "", 0, True, None)
        count = status.rpartition(b" ")[2]
        return int(count) if count.isdigit() else 0

    async def execute_many(self, sql: str, arguments: Sequence[tuple[Any, ...]], *, begin: bool = False) -> None:
        """The statement once per tuple, in one round trip."""
        state = self._prepared.get(sql) or await self._state(sql)
        if begin:
            self._write(self._begin)
        await self.connection._protocol.bind_execute_many(state, arguments, "", None, False)

    async def fetch_many(self, sql: str, arguments: Sequence[tuple[Any, ...]], *, begin: bool = False) -> list[Any]:
        """The statement once per tuple, in one round trip, and the rows of all of them."""
        state = self._prepared.get(sql) or await self._state(sql)
        if begin:
            self._write(self._begin)
        rows: list[Any] = await self.connection._protocol.bind_execute_many(state, arguments, "", None, True)
        return rows

    async def commit(self, ahead: Sequence[tuple[str, tuple[Any, ...]]] = (), *, begin: bool = False) -> None:
        """Commit; the statements `ahead` run first, in the same round trip."""
        if ahead:
            states = [self._prepared.get(sql) or await self._state(sql) for sql, _ in ahead]
            parts = [message(state.name, arguments) for state, (_, arguments) in zip(states, ahead, strict=True)]
            self._write(b"".join([self._begin, *parts] if begin else parts))
        await self._bind_execute(self._commit, (), "", 0, False, None)

    async def rollback(self) -> None:
        """Roll back, whatever state the transaction is in."""
        await self._bind_execute(self._rollback, (), "", 0, False, None)

    def forget(self, sql: str) -> None:
        """Prepare the statement anew next time: a migration changed its tables."""
        self._prepared.pop(sql, None)
        self._kept.pop(sql, None)

    @property
    def is_fit(self) -> bool:
        """Whether the next unit can take it: open, outside a transaction, with no cancellation under way."""
        connection = self.connection
        return not (connection.is_closed() or connection.is_in_transaction() or connection._protocol._is_cancelling())

    async def _state(self, sql: str) -> Any:
        if len(self._prepared) >= MOST_PREPARED:
            self.forget(next(iter(self._prepared)))
        statement = await self.connection.prepare(sql, name=f"mainspring_{next(NUMBERS)}")
        self._kept[sql] = statement  # asyncpg closes what nobody holds
        # The driver prepares without a Sync, and until one comes statement_timeout runs, even while the connection is idle.
        if not self.connection.is_in_transaction():
            await self.connection.execute("SELECT 1")
        state = self._prepared[sql] = statement._state
        return state


def message(name: str, arguments: Sequence[Any]) -> bytes:
    """Bind and Execute of the prepared statement `name` with parameters as text, without a Sync (PostgreSQL 55.7)."""
    parts = [b"\0", name.encode(), b"\0\0\0", len(arguments).to_bytes(2, "big")]
    for argument in arguments:
        if argument is None:
            parts.append(NULL)
        else:
            write = TEXTS.get(type(argument))
            text = _text(argument) if write is None else write(argument)
            parts += (len(text).to_bytes(4, "big"), text)
    parts.append(b"\0\0")
    body = b"".join(parts)
    return b"B%b%b%b" % ((len(body) + 4).to_bytes(4, "big"), body, EXECUTE)


TEXTS: dict[type, Callable[[Any], bytes]] = {
    str: str.encode,
    UUID: lambda value: b"%032x" % value.int,
    dict: orjson.dumps,
    datetime: lambda value: value.isoformat().encode(),
}


def _text(value: Any) -> bytes:
    """The value in PostgreSQL's text form, also of subclasses. Raises TypeError for a type that has none here."""
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, bool):
        return b"t" if value else b"f"
    if isinstance(value, int | UUID):
        return str(value).encode()
    if isinstance(value, datetime):
        return value.isoformat().encode()
    if isinstance(value, bytes):
        return b"\\x" + value.hex().encode()
    if isinstance(value, dict | list):
        return orjson.dumps(value)
    raise TypeError(f"{type(value).__name__} cannot travel with the commit")


def _uuid_bytes(value: UUID) -> bytes:
    return value.bytes


def _jsonb(value: Any) -> bytes:
    return b"\x01" + orjson.dumps(value)


def _from_jsonb(octets: bytes) -> Any:
    return orjson.loads(octets[1:])


def _json_text(value: Any) -> str:
    return orjson.dumps(value).decode()
