"""An event from its publication to the effect of its subscribers (R-040, R-293)."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from mainspring.core.database import Database, Statement, bind
from mainspring.core.events.models import STREAMS
from mainspring.core.jobs.models import Job
from mainspring.testing.client import AppClient
from tests.integration.core.events.conftest import marks, rows
from tests.integration.core.events.mailroom.events import BellRang, BoxEmptied, KeyLent, LetterPosted, ParcelWeighed
from tests.integration.core.events.mailroom.subscribers import FAILING, RAN

PARCEL = UUID(int=7)
STREAM_KEYS = Statement(select(STREAMS.c.key).order_by(STREAMS.c.key), str)
REWRITE: Statement[None] = Statement(
    update(Job).values(payload=bind("payload", Job.payload), payload_version=bind("payload_version", Job.payload_version))
)


async def publish(database: Database, *events: Any) -> None:
    async with database.unit() as uow:
        for event in events:
            uow.publish(event)


async def test_each_subscriber_hears_of_a_fact_once(database: Database, app: AppClient) -> None:
    await publish(database, LetterPosted("a", 1))

    assert await app.work() == 3

    assert await marks(database, "deliver") == ["a 1"]
    assert await marks(database, "count") == ["a 1 LetterPosted"]
    assert (await marks(database, "file_away"))[0].split()[1:] == ["mailroom.LetterPosted", "box:a", "1"]
    assert await app.work() == 0


async def test_a_fact_of_a_unit_that_rolls_back_reaches_nobody(database: Database, app: AppClient) -> None:
    with pytest.raises(ZeroDivisionError):
        async with database.unit() as uow:
            await uow.run(REWRITE, payload={}, payload_version=1)
            uow.publish(LetterPosted("a", 1))
            raise ZeroDivisionError
    async with database.unit() as uow:
        with pytest.raises(ZeroDivisionError):
            async with uow.savepoint():
                uow.publish(LetterPosted("a", 2))
                raise ZeroDivisionError
        uow.publish(LetterPosted("a", 3))

    await app.work()

    assert await marks(database, "deliver") == ["a 3"]


async def test_facts_about_the_same_thing_arrive_in_order_even_when_one_fails_at_first(
    database: Database, app: AppClient
) -> None:
    FAILING.add("a 2")
    await publish(database, LetterPosted("a", 1), LetterPosted("b", 1), LetterPosted("a", 2))
    await publish(database, BoxEmptied("a", 3), LetterPosted("a", 4))

    await app.work()

    assert [text for text in await marks(database, "deliver") if text.startswith("a")] == ["a 1", "a 2", "a 4"]
    counted = await marks(database, "count")
    assert [text[2] for text in counted if text.startswith("a")] == ["1", "2", "3", "4"]
    assert RAN == {"a 1": 1, "a 2": 2, "a 4": 1, "b 1": 1}


async def test_a_fact_about_nothing_in_particular_has_no_order_and_arrives(database: Database, app: AppClient) -> None:
    await publish(database, BellRang(2))

    assert [(name, lane) for name, _, lane, *_ in await rows(database)] == [("mailroom.answer", None)]
    await app.work()
    assert await marks(database, "answer") == ["2"]


async def test_a_fact_that_an_older_program_told_is_upgraded(database: Database, app: AppClient) -> None:
    await publish(database, ParcelWeighed(PARCEL, 100))
    async with database.unit() as uow:
        row = (await uow.all(Statement(select(Job.payload), dict[str, Any])))[0]
        await uow.run(REWRITE, payload=row | {"data": {"parcel_id": str(PARCEL), "ounces": 10}}, payload_version=1)

    await app.work()

    assert await marks(database, "charge") == [f"{PARCEL} 284"]


async def test_a_fact_of_a_newer_program_is_left_for_it(database: Database, app: AppClient) -> None:
    await publish(database, ParcelWeighed(PARCEL, 100))
    async with database.unit() as uow:
        row = (await uow.all(Statement(select(Job.payload), dict[str, Any])))[0]
        await uow.run(REWRITE, payload=row, payload_version=3)

    assert await app.work() == 0

    assert (await marks(database, "charge"), [state for _, state, *_ in await rows(database)]) == ([], ["ready"])


async def test_nothing_is_written_for_a_fact_that_nobody_listens_to(database: Database, app: AppClient) -> None:
    async with database.unit() as uow:
        uow.publish(KeyLent(PARCEL))
        written = [statement.on(database.dialect).sql for statement, _ in uow._deferred]
        assert not uow._published

    assert len(written) == 1
    assert "core_audit_log" in written[0]
    assert (await rows(database), await database.begin_reading().all(STREAM_KEYS)) == ([], [])


async def test_units_that_tell_of_the_same_things_in_opposite_order_never_wait_in_a_circle(
    database: Database, app: AppClient
) -> None:
    async def tell(number: int) -> None:
        boxes = ["a", "b", "c"] if number % 2 else ["c", "b", "a"]
        await publish(database, *(LetterPosted(box, number) for box in boxes))

    await asyncio.gather(*(tell(number) for number in range(40)))

    seqs = [(lane, seq) for name, _, lane, seq, _ in await rows(database) if name == "mailroom.deliver"]
    assert len(set(seqs)) == 120
    assert await database.begin_reading().all(STREAM_KEYS) == ["box:a", "box:b", "box:c"]


async def test_a_long_key_is_shortened_and_stays_its_own(database: Database, app: AppClient) -> None:
    await publish(database, LetterPosted("x" * 200 + "1", 1), LetterPosted("x" * 200 + "2", 1))

    await app.work()

    keys = await database.begin_reading().all(STREAM_KEYS)
    assert (len(keys), {len(key) for key in keys}) == (2, {130})
    assert len(await marks(database, "count")) == 2
