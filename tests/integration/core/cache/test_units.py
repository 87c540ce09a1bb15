"""The cache and units of work: after the commit, never before it, and never when it does not come (R-236)."""

import asyncio
from uuid import UUID

import pytest

from mainspring.core.application import Application
from mainspring.core.context import Context
from mainspring.core.errors import Conflict, MainspringError
from mainspring.core.security.principal import Principal
from tests.integration.adapters.redis_servers import OwnRedis
from tests.integration.core.cache.notes import NoteRow, NoteService


class Kept(MainspringError):
    keep_writes = True


async def added(notes: Application, text: str = "first") -> UUID:
    async with notes.unit() as uow:
        return (await NoteService(uow).add(text)).id


async def read(notes: Application, id: UUID) -> str | None:
    async with notes.reading() as uow:
        note = await NoteService(uow).get(id)
    assert note is None or type(note) is NoteRow
    return note.text if note else None


async def test_what_is_read_twice_is_asked_once_and_what_is_not_there_too(notes: Application, store: str) -> None:
    id = await added(notes)

    assert [await read(notes, id) for _ in range(3)] == ["first"] * 3
    assert [await read(notes, UUID(int=1)) for _ in range(3)] == [None] * 3
    assert NoteService.loads == 2


async def test_the_writer_sees_its_change_at_once(notes: Application, store: str) -> None:
    id = await added(notes)
    for number in range(20):
        await read(notes, id)
        async with notes.unit() as uow:
            await NoteService(uow).change(id, str(number))

        assert await read(notes, id) == str(number)


async def test_nothing_is_invalidated_before_the_commit_or_without_one(notes: Application, store: str) -> None:
    id = await added(notes)
    await read(notes, id)
    loads = NoteService.loads

    with pytest.raises(Conflict):
        async with notes.unit() as uow:
            await NoteService(uow).change(id, "never")
            assert await read(notes, id) == "first"
            raise Conflict
    async with notes.unit() as uow:
        with pytest.raises(Conflict):
            async with uow.savepoint():
                await NoteService(uow).change(id, "never")
                raise Conflict

    assert await read(notes, id) == "first"
    assert NoteService.loads == loads


async def test_a_unit_that_writes_reads_past_the_cache_and_leaves_nothing_in_it(notes: Application, store: str) -> None:
    id = await added(notes)
    await read(notes, id)

    with pytest.raises(Conflict):
        async with notes.unit() as uow:
            service = NoteService(uow)
            await service.change(id, "never")
            seen = await service.get(id)
            raise Conflict

    assert seen is not None
    assert seen.text == "never"
    assert await read(notes, id) == "first"


async def test_an_error_that_keeps_its_writes_invalidates(notes: Application) -> None:
    id = await added(notes)
    await read(notes, id)

    with pytest.raises(Kept):
        async with notes.unit() as uow:
            await NoteService(uow).change(id, "second")
            raise Kept

    assert await read(notes, id) in {"first", "second"}
    async with notes.reading() as uow:
        truth = await NoteService.get.__wrapped__(NoteService(uow), id)  # type: ignore[attr-defined]
    assert await read(notes, id) == truth.text


async def test_an_answer_that_depends_on_the_user_is_kept_for_each(notes: Application) -> None:
    def context(number: int) -> Context:
        from datetime import UTC, datetime

        one = UUID(int=number)
        return Context(principal=Principal(one, "", frozenset(), frozenset(), one, "", datetime.now(UTC)))

    async def mine(number: int) -> str:
        async with notes.reading(context(number)) as uow:
            return await NoteService(uow).mine(UUID(int=9))

    answers = [await mine(1), await mine(2), await mine(1), await mine(2)]

    assert answers[0] == answers[2] != answers[1] == answers[3]
    assert NoteService.loads == 2


@pytest.mark.parametrize("store", ["redis"])
@pytest.mark.parametrize("how", ["killed", "frozen"])
async def test_reads_and_changes_go_on_without_redis(notes: Application, store: str, own_server: OwnRedis, how: str) -> None:
    id = await added(notes)
    await read(notes, id)
    (own_server.kill if how == "killed" else own_server.freeze)()

    for number in range(30):
        async with notes.unit() as uow:
            await NoteService(uow).change(id, str(number))
        assert await read(notes, id) == str(number)
        assert await read(notes, UUID(int=number)) is None


async def test_twenty_readers_beside_a_writer_never_see_what_is_older_than_its_commit(notes: Application, store: str) -> None:
    id = await added(notes, "0")
    committed, stale, ended = 0, 0, False

    async def reading() -> None:
        nonlocal stale
        while not ended:
            least = committed
            text = await read(notes, id)
            stale += int(text or -1) < least
            await asyncio.sleep(0)

    readers = [asyncio.create_task(reading()) for _ in range(20)]
    for number in range(1, 101):
        async with notes.unit() as uow:
            await NoteService(uow).change(id, str(number))
        committed = number
        await asyncio.sleep(0)
    ended = True
    await asyncio.gather(*readers)

    assert stale == 0
    assert NoteService.loads > 2
