"""From a published event over a broker to the subscriber of another program, on both databases (R-290, R-294)."""

import asyncio
from collections.abc import AsyncIterator

import orjson
import pytest
from sqlalchemy import select

from mainspring.core.application import Application
from mainspring.core.database import Database, Statement, bind
from mainspring.core.events.listening import EventListener
from mainspring.core.events.ports import EventSender, Outgoing
from mainspring.core.jobs import GiveUp
from mainspring.core.jobs.models import Job
from mainspring.core.module import Module, discover
from mainspring.testing.client import AppClient
from mainspring.testing.databases import settings_for
from tests.integration.brokers.conftest import Place
from tests.integration.core.events.conftest import MAILROOM, marks
from tests.integration.core.events.mailroom.events import BoxEmptied, LetterPosted

DEPOT = Module("depot", "tests.integration.brokers.depot")
STATE = Statement(select(Job.state).where(Job.name == bind("name", Job.name)), str)
SECONDS = 60


@pytest.fixture
async def application(place: Place, database_url: str, tmp_path) -> AsyncIterator[Application]:
    environment = {
        "EVENTS__RELAY": place.url.replace("amqp:", "rabbitmq:"),
        "EVENTS__RELAY_EVENTS": "mailroom.Letter*",
        "EVENTS__RELAY_TO": place.name,
        "EVENTS__SOURCE": place.url,
        "EVENTS__SOURCE_FROM": place.name,
        "SERVICE_NAME": "shop",
    }
    application = Application(settings_for(database_url, tmp_path, environment), [*discover(), MAILROOM, DEPOT])
    await application.start()
    await application.resolve(EventListener).start()
    try:
        yield application
    finally:
        await application.stop()


async def collected(app: AppClient, database: Database, box: str, count: int) -> list[str]:
    async with asyncio.timeout(SECONDS):
        while True:
            await app.work()
            found = [text for text in await marks(database, "collect") if text.startswith(box)]
            if len(found) >= count:
                return found
            await asyncio.sleep(0.05)


async def listened(app: AppClient, database: Database) -> None:
    """Tell letters until one is heard: what RabbitMQ gets before there is a queue is lost."""
    async with asyncio.timeout(SECONDS):
        number = 0
        while not await marks(database, "collect"):
            async with database.unit() as uow:
                uow.publish(LetterPosted("warm", number := number + 1))
            await app.work()
            await asyncio.sleep(0.2)


async def test_chosen_events_reach_another_program_in_order_and_once(app: AppClient, database: Database) -> None:
    await listened(app, database)
    for number in range(1, 9):
        async with database.unit() as uow:
            uow.publish(LetterPosted("a", number))
            uow.publish(BoxEmptied("a", number))

    found = await collected(app, database, "a", 8)

    assert found == [f"a {number}" for number in range(1, 9)]
    assert len(await database.begin_reading().all(STATE, name="events.relay")) == 8 + len(
        [text for text in await marks(database, "deliver") if text.startswith("warm")]
    )


async def test_a_message_that_comes_twice_has_one_effect(
    app: AppClient, application: Application, database: Database, place: Place
) -> None:
    await listened(app, database)
    body = {
        "specversion": "1.0",
        "id": "the same",
        "source": "elsewhere",
        "type": "mailroom.LetterPosted",
        "data": {"box": "b", "number": 1},
    }
    last = body | {"id": "another", "data": {"box": "b", "number": 2}}

    for number, told in enumerate((body, body, body, last)):  # ids of their own, so that the broker does not drop them already
        outgoing = Outgoing(f"{place.name} {number}", "mailroom.LetterPosted", None, orjson.dumps(told))
        await application.resolve(EventSender).send(outgoing)

    assert await collected(app, database, "b", 2) == ["b 1", "b 2"]


async def test_what_cannot_be_read_is_a_dead_job_and_those_behind_it_arrive(
    app: AppClient, application: Application, database: Database, place: Place
) -> None:
    await listened(app, database)
    sender = application.resolve(EventSender)

    await sender.send(Outgoing("broken", "mailroom.LetterPosted", None, b"{ no JSON"))
    async with database.unit() as uow:
        uow.publish(LetterPosted("c", 1))

    with pytest.raises(GiveUp, match="no event that can be read"):
        await collected(app, database, "never", 1)
    assert await collected(app, database, "c", 1) == ["c 1"]
    assert await database.begin_reading().all(STATE, name="events.accept_outside") == ["dead"]
