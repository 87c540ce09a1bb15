"""The file that processes of one machine share while they run (ARCHITECTURE 10 e)."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mainspring.core import runtime
from mainspring.core.errors import Unavailable
from mainspring.core.runtime import Runtime

NOTES = "CREATE TABLE IF NOT EXISTS notes (text TEXT)"


Opener = Callable[[], Runtime]


@pytest.fixture
def with_notes(tmp_path: Path) -> Iterator[Opener]:
    opened: list[Runtime] = []

    def opener() -> Runtime:
        opened.append(Runtime(tmp_path))
        opened[-1].declare(NOTES)
        return opened[-1]

    yield opener
    for shared in opened:
        shared.close()


def test_two_connections_see_the_same(with_notes: Opener) -> None:
    one, other = with_notes(), with_notes()

    with one.writing() as connection:
        connection.execute("INSERT INTO notes VALUES ('hello')")

    assert other.rows("SELECT text FROM notes WHERE text = ?", "hello") == [("hello",)]


def test_what_is_raised_inside_undoes_the_writing(with_notes: Opener) -> None:
    shared = with_notes()

    with contextlib.suppress(ZeroDivisionError), shared.writing() as connection:
        connection.execute("INSERT INTO notes VALUES ('hello')")
        raise ZeroDivisionError

    assert shared.rows("SELECT text FROM notes") == []


def test_it_is_a_journal_ahead_and_never_synced(with_notes: Opener) -> None:
    shared = with_notes()

    assert shared.rows("PRAGMA journal_mode") == [("wal",)]
    assert shared.rows("PRAGMA synchronous") == [(0,)]


def test_a_start_empties_it(with_notes: Opener, tmp_path: Path) -> None:
    before = with_notes()
    with before.writing() as connection:
        connection.execute("INSERT INTO notes VALUES ('hello')")
    before.close()

    runtime.empty(tmp_path)

    assert with_notes().rows("SELECT text FROM notes") == []


def test_tables_may_be_declared_later(with_notes: Opener) -> None:
    shared = with_notes()
    shared.rows("SELECT 1")

    shared.declare("CREATE TABLE IF NOT EXISTS marks (name TEXT)")

    assert shared.rows("SELECT name FROM marks") == []


def test_a_writer_that_hangs_makes_the_others_unavailable_not_hang(with_notes: Opener) -> None:
    hanging, other = with_notes(), with_notes()

    with hanging.writing(), pytest.raises(Unavailable), other.writing():
        pass
