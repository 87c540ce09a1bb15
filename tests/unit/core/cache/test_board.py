"""News among the processes of one machine, by `DATA_DIR/runtime.db`."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mainspring.core import clock, runtime
from mainspring.core.cache import Cache, board, news
from mainspring.core.cache.board import FileBoard
from mainspring.core.cache.ports import News
from mainspring.core.runtime import Runtime
from mainspring.core.settings.cache import CacheSettings

Opener = Callable[[], Runtime]


@pytest.fixture
def opener(tmp_path: Path) -> Iterator[Opener]:
    opened: list[Runtime] = []

    def make() -> Runtime:
        opened.append(Runtime(tmp_path))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is looked at each time."""
    monkeypatch.setattr(news, "EVERY_FILE", 0.0)


def caches(opener: Opener, count: int = 2) -> list[Cache]:
    return [Cache(CacheSettings(), board=FileBoard(opener())) for _ in range(count)]


def test_words_are_heard_once_in_their_order_and_not_by_who_told_them(opener: Opener) -> None:
    one, other = FileBoard(opener()), FileBoard(opener())
    assert (one.hear(), other.hear()) == (News(everything=True), News(everything=True))

    one.tell(["#a", "=b"])
    one.tell(["?c*"])

    assert list(other.hear().words) == ["#a", "=b", "?c*"]
    assert other.hear() == one.hear() == News()


def test_what_others_told_before_our_own_is_heard(opener: Opener) -> None:
    one, other = FileBoard(opener()), FileBoard(opener())
    one.hear(), other.hear()

    other.tell(["#theirs"])
    one.tell(["#ours"])

    assert list(one.hear().words) == ["#theirs", "#ours"]
    assert list(other.hear().words) == ["#ours"]


def test_whoever_was_away_for_too_long_forgets_everything(opener: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "KEPT", 10)
    monkeypatch.setattr(board, "CLEAN_EVERY", 4)
    one, other = FileBoard(opener()), FileBoard(opener())
    one.hear(), other.hear()

    for number in range(30):
        one.tell([f"#{number}"])

    assert other.hear().everything
    assert opener().rows("SELECT count(*) < 20 FROM cache_news") == [(1,)]


def test_a_file_that_a_start_replaced_is_followed(opener: Opener, tmp_path: Path) -> None:
    stays = FileBoard(opener())
    stays.hear()
    runtime.empty(tmp_path)
    started = FileBoard(opener())
    started.hear()

    assert stays.hear().everything
    started.tell(["#a"])
    assert list(stays.hear().words) == ["#a"]
    stays.tell(["#b"])
    assert list(started.hear().words) == ["#b"]


async def test_what_one_process_invalidates_no_other_serves(opener: Opener, hurried: None) -> None:
    writer, reader = caches(opener)
    for cache in (writer, reader):
        await cache.set("key", "old", tags=("tag",))
        await cache.set("other", "stays")
    await reader.get("key", str)  # has heard all that was set

    await reader.set("key", "old", tags=("tag",))
    await reader.set("other", "stays")
    writer.invalidate("tag")

    assert await reader.get("key", str) is None
    assert await reader.get("other", str) == "stays"


async def test_a_reader_that_hears_nothing_serves_nothing_older_than_a_second(
    opener: Opener, hurried: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer, reader = caches(opener)
    await reader.set("key", "old")
    now, away = clock.monotonic, [0.0]
    monkeypatch.setattr(clock, "monotonic", lambda: now() + away[0])
    monkeypatch.setattr(reader.news._board, "hear", lambda: (_ for _ in ()).throw(runtime.Unavailable))

    before = await reader.get("key", str)
    away[0] += news.BELIEVED + news.ALONE
    after = await reader.get("key", str)

    assert (before, after) == ("old", None)
    await writer.stop()


async def test_a_file_that_is_locked_delays_the_word_and_loses_none(
    opener: Opener, hurried: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(news, "AGAIN_FILE", 0.01)
    writer, reader = caches(opener)
    await reader.set("key", "old", tags=("tag",))
    await reader.get("key", str)
    await writer.set("key", "old", tags=("tag",))
    await reader.get("key", str)
    await reader.set("key", "old", tags=("tag",))

    with sqlite3.connect(tmp_path / runtime.FILE, isolation_level=None) as stopped:
        stopped.execute("BEGIN IMMEDIATE")
        writer.invalidate("tag")
        assert await writer.get("key", str) is None  # oneself at once
        assert await reader.get("key", str) == "old"
        stopped.execute("ROLLBACK")
    stopped.close()
    await writer.stop()

    assert await reader.get("key", str) is None
