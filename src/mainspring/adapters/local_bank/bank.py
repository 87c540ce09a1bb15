"""The books of the local bank: one SQLite file, shared by every process of the machine. Nothing here knows Mainspring."""

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

SCHEMA = """
CREATE TABLE IF NOT EXISTS charges (
    id TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, amount INTEGER NOT NULL CHECK (amount > 0), currency TEXT NOT NULL,
    method TEXT NOT NULL, metadata TEXT NOT NULL, state TEXT NOT NULL, reason TEXT, refunded INTEGER NOT NULL DEFAULT 0,
    decides_at REAL, made_at REAL NOT NULL, CHECK (refunded >= 0 AND refunded <= amount)
);
CREATE INDEX IF NOT EXISTS charges_to_decide ON charges (decides_at) WHERE decides_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS refunds (
    id TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, charge_id TEXT NOT NULL, amount INTEGER NOT NULL, refunded INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS letters (
    id TEXT PRIMARY KEY, body TEXT NOT NULL, due_at REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS letters_due ON letters (due_at);
"""
LATE = {"card_late": "succeeded", "card_late_declined": "declined"}
AT_ONCE = {"card_ok": "succeeded", "card_timeout": "succeeded", "card_declined": "declined"}
LEASE_SECONDS = 30.0
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0
MOST_ATTEMPTS = 60  # about four hours
BUSY_SECONDS = 20.0


class OtherRequest(ValueError):
    """The key was used for something else."""


class NotSoMuch(ValueError):
    """There is not so much left to pay back, or nothing was taken."""


@dataclass(frozen=True, slots=True)
class Booking:
    """A charge in the books."""

    id: str
    key: str
    amount: int
    currency: str
    method: str
    state: str
    reason: str | None
    refunded: int


@dataclass(frozen=True, slots=True)
class Letter:
    """A webhook to be sent."""

    id: str
    body: bytes
    attempts: int


class Bank:
    """Every deed is one transaction, so a key means one charge, whoever asks, and whenever somebody dies.

    Blocking: call it on a thread. Ids are made by the caller, times are seconds since 1970.
    """

    def __init__(self, path: Path, delay_seconds: float) -> None:
        self.path, self.delay_seconds = path, delay_seconds
        self._connection: sqlite3.Connection | None = None
        self._process = 0

    def charge(
        self, id: str, key: str, amount: int, currency: str, method: str, metadata: Mapping[str, str], now: float
    ) -> Booking:
        """The charge of the key, made now unless it is there. Raises OtherRequest."""
        with self._transaction(now) as books:
            known = self._of_key(books, key)
            if known is not None:
                if (known.amount, known.currency, known.method) != (amount, currency, method):
                    raise OtherRequest(key)
                return known
            is_late = method in LATE
            state = "pending" if is_late else AT_ONCE.get(method, "declined")
            reason = None if state != "declined" else "card_declined" if method in AT_ONCE else "unknown_method"
            books.execute(
                "INSERT INTO charges (id, key, amount, currency, method, metadata, state, reason, decides_at, made_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(id, key, amount, currency, method, orjson.dumps(dict(metadata)).decode(), state, reason),
                    *(now + self.delay_seconds if is_late else None, now),
                ),
            )
            return Booking(id, key, amount, currency, method, state, reason, 0)

    def refund(self, id: str, key: str, charge_id: str, amount: int) -> tuple[str, int]:
        """The id of the key's refund, and what was paid back of the charge in all. Raises NotSoMuch, OtherRequest."""
        with self._transaction() as books:
            known = books.execute("SELECT id, charge_id, amount, refunded FROM refunds WHERE key = ?", (key,)).fetchone()
            if known is not None:
                if (known[1], known[2]) != (charge_id, amount):
                    raise OtherRequest(key)
                return str(known[0]), int(known[3])
            paid = books.execute(
                "UPDATE charges SET refunded = refunded + ?1 WHERE id = ?2 AND state = 'succeeded' AND refunded + ?1 <= amount"
                " RETURNING refunded",
                (amount, charge_id),
            ).fetchone()
            if paid is None:
                raise NotSoMuch(charge_id)
            books.execute("INSERT INTO refunds VALUES (?, ?, ?, ?, ?)", (id, key, charge_id, amount, paid[0]))
            return id, int(paid[0])

    def find(self, key: str, now: float) -> Booking | None:
        """The charge of the key."""
        with self._transaction(now) as books:
            return self._of_key(books, key)

    def take_letter(self, now: float) -> Letter | None:
        """A letter that is due; nobody else gets it for half a minute."""
        with self._transaction(now) as books:
            row = books.execute(
                "UPDATE letters SET attempts = attempts + 1, due_at = ?1 + ?2 WHERE id ="
                " (SELECT id FROM letters WHERE due_at <= ?1 ORDER BY due_at LIMIT 1) RETURNING id, body, attempts",
                (now, LEASE_SECONDS),
            ).fetchone()
            return None if row is None else Letter(row[0], row[1].encode(), row[2])

    def delivered(self, letter: Letter) -> None:
        """It was accepted."""
        with self._transaction() as books:
            books.execute("DELETE FROM letters WHERE id = ?", (letter.id,))

    def returned(self, letter: Letter, now: float) -> bool:
        """It was not accepted: send it later, with doubled pauses. False when that was the last attempt."""
        if letter.attempts >= MOST_ATTEMPTS:
            self.delivered(letter)
            return False
        pause = min(FIRST_PAUSE * 2.0 ** (letter.attempts - 1), LONGEST_PAUSE)
        with self._transaction() as books:
            books.execute("UPDATE letters SET due_at = ? WHERE id = ?", (now + pause, letter.id))
        return True

    def next_moment(self) -> float | None:
        """When there is something to decide or to send; None when nothing is open."""
        if not self.path.exists():
            return None
        with self._transaction() as books:
            (moment,) = books.execute(
                "SELECT min(moment) FROM (SELECT min(decides_at) AS moment FROM charges WHERE decides_at IS NOT NULL"
                " UNION ALL SELECT min(due_at) FROM letters)"
            ).fetchone()
            return None if moment is None else float(moment)

    def close(self) -> None:
        """Close the books; the next deed opens them again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def _transaction(self, now: float | None = None) -> Iterator[sqlite3.Connection]:
        """One transaction; with `now` the bank first decides what is due."""
        books = self._open()
        books.execute("BEGIN IMMEDIATE")
        try:
            if now is not None:
                self._decide(books, now)
            yield books
        except BaseException:
            books.execute("ROLLBACK")
            raise
        books.execute("COMMIT")

    def _decide(self, books: sqlite3.Connection, now: float) -> None:
        """Late cards whose time has come; each gets its letter in the same transaction."""
        due = books.execute("SELECT id, method FROM charges WHERE decides_at <= ? ORDER BY decides_at", (now,)).fetchall()
        for id, method in due:
            reason = None if LATE[method] == "succeeded" else "card_declined"
            books.execute("UPDATE charges SET state = ?, reason = ?, decides_at = NULL WHERE id = ?", (LATE[method], reason, id))
            booking = self._one(books, "id", id)
            assert booking is not None  # noqa: S101 - it was found just now
            body = orjson.dumps(letter_of(f"evt_{id}", booking, now)).decode()
            books.execute("INSERT INTO letters (id, body, due_at) VALUES (?, ?, ?)", (f"evt_{id}", body, now))

    def _of_key(self, books: sqlite3.Connection, key: str) -> Booking | None:
        return self._one(books, "key", key)

    def _one(self, books: sqlite3.Connection, column: str, value: str) -> Booking | None:
        columns = "id, key, amount, currency, method, state, reason, refunded"
        row = books.execute(f"SELECT {columns} FROM charges WHERE {column} = ?", (value,)).fetchone()  # noqa: S608 - ours
        return None if row is None else Booking(*row)

    def _open(self) -> sqlite3.Connection:
        if self._connection is None or self._process != os.getpid():  # a connection must not cross a fork
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self.path, isolation_level=None, timeout=BUSY_SECONDS, check_same_thread=False)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")  # outlives a killed process; a bank for trying out needs no more
            connection.executescript(SCHEMA)
            self._connection, self._process = connection, os.getpid()
        return self._connection


def letter_of(id: str, booking: Booking, moment: float) -> dict[str, Any]:
    """What a webhook says about a charge."""
    told = {name: getattr(booking, name) for name in ("id", "key", "amount", "currency", "state", "reason", "refunded")}
    return {"id": id, "type": f"charge.{booking.state}", "created": moment, "charge": told}
