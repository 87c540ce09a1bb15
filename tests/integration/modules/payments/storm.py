"""A storm of webhooks: payments with little stories, each event three times, in any order, eight at a time (R-284).

Twins tell the same stories to other payments once and in order, so that the storm's end can be compared with it.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import func, select

from mainspring.adapters.local_bank import LocalGateway
from mainspring.adapters.local_bank.bank import Booking, letter_of
from mainspring.core import clock, ids
from mainspring.core.application import Application
from mainspring.core.audit.models import AuditEntry
from mainspring.core.database import Statement, bind
from mainspring.core.money import Money
from mainspring.modules.payments.models import PaymentEvent
from mainspring.modules.payments.service import PaymentService

PRICE = 1999
PARALLEL = 8
SEED = 20261120

Moment = tuple[str, int]  # the state of the charge, and what was paid back of it
STORIES: tuple[tuple[Moment, ...], ...] = (
    (("pending", 0), ("succeeded", 0)),
    (("pending", 0), ("declined", 0)),
    (("pending", 0), ("succeeded", 0), ("succeeded", 300), ("succeeded", PRICE)),
    (("pending", 0), ("declined", 0), ("succeeded", 0)),
    (("succeeded", 0), ("succeeded", 300)),
    (("succeeded", 0), ("succeeded", PRICE)),
)
EVENTS_OF_ALL_STORIES = sum(map(len, STORIES))

Post = Callable[[Mapping[str, str], bytes], Awaitable[tuple[int, str]]]  # headers and body to status and effect

TRAIL = Statement(
    select(AuditEntry.resource_id, AuditEntry.action).where(AuditEntry.resource == bind("resource", AuditEntry.resource))
)
EVENTS = Statement(select(func.count()).select_from(PaymentEvent), int)


@dataclass(frozen=True, slots=True)
class End:
    """How a payment ended: its state, what was paid back, and the facts that were committed about it."""

    state: str
    refunded: int
    facts: tuple[str, ...]


class Storm:
    """Payments and their events."""

    def __init__(self, application: Application, gateway: LocalGateway) -> None:
        self.application, self.gateway = application, gateway
        self.chance = random.Random(SEED)

    async def payments(self, stories: Sequence[tuple[Moment, ...]]) -> list[str]:
        """New payments, one for each story; their keys."""
        keys = [str(ids.new()) for _ in stories]
        async with self.application.unit() as uow:
            for key in keys:
                await PaymentService(uow).begin(ids.new(), key, Money(PRICE, "EUR"), "card_late")
        return keys

    def events(self, keys: Sequence[str], stories: Sequence[tuple[Moment, ...]]) -> list[bytes]:
        """The bodies of all events, story by story, a second apart."""
        bodies = []
        for key, story in zip(keys, stories, strict=True):
            for number, (state, refunded) in enumerate(story):
                reason = "card_declined" if state == "declined" else None
                booking = Booking(f"ch_{key}", key, PRICE, "EUR", "card_late", state, reason, refunded)
                moment = (clock.now() - timedelta(seconds=60 - number)).timestamp()
                bodies.append(orjson.dumps(letter_of(f"evt_{key}_{number}", booking, moment)))
        return bodies

    async def blow(self, bodies: Sequence[bytes], post: Post) -> Counter[str]:
        """Send each three times, shuffled, eight at a time; how often they had which effect."""
        thrice = list(bodies) * 3
        self.chance.shuffle(thrice)
        effects: Counter[str] = Counter()

        async def client(waiting: list[bytes]) -> None:
            while waiting:
                body = waiting.pop()
                status, effect = await post(self.gateway.signature(body), body)
                assert status == 200, (status, effect)
                effects[effect] += 1

        async with asyncio.TaskGroup() as clients:
            for _ in range(PARALLEL):
                clients.create_task(client(thrice))
        return effects

    async def ends(self, keys: Sequence[str]) -> list[End]:
        """How each payment ended."""
        async with self.application.reading() as uow:
            payments = [await PaymentService(uow).of_key(key) for key in keys]
            facts: dict[str, list[str]] = {}
            for id, action in await uow.all(TRAIL, resource="payment"):
                facts.setdefault(str(UUID(id)), []).append(action)
        return [
            End(payment.state.value, payment.refunded_amount, tuple(sorted(facts.get(str(payment.id), []))))
            for payment in payments
        ]

    async def kept(self) -> int | None:
        """How many events were kept."""
        async with self.application.reading() as uow:
            return await uow.value(EVENTS)


async def weather_the_storm(application: Application, gateway: LocalGateway, rounds: int, post: Post) -> None:
    """Tell `rounds` times all stories, in order and in a storm, and compare."""
    storm = Storm(application, gateway)
    stories = STORIES * rounds
    calm, stormy = await storm.payments(stories), await storm.payments(stories)
    for body in storm.events(calm, stories):
        assert (await post(gateway.signature(body), body))[0] == 200
    count = EVENTS_OF_ALL_STORIES * rounds

    effects = await storm.blow(storm.events(stormy, stories), post)

    assert await storm.kept() == 2 * count
    assert effects.total() == 3 * count
    assert effects["duplicate"] == 2 * count
    in_order, in_storm = await storm.ends(calm), await storm.ends(stormy)
    for expected, found, story in zip(in_order, in_storm, stories, strict=True):
        assert (found.state, found.refunded) == (expected.state, expected.refunded), story
        _one_effect_each(found, story)


def _one_effect_each(found: End, story: tuple[Moment, ...]) -> None:
    """Nothing happened twice, and what the end needs happened once, whichever event told it first."""
    counts: Counter[Any] = Counter(found.facts)
    assert counts["SUCCEED"] == (("succeeded", 0) in story), (found, story)
    assert counts["FAIL"] <= (("declined", 0) in story), (found, story)
    refunds = sum(refunded > 0 for _, refunded in story)
    assert min(refunds, 1) <= counts["REFUND"] <= refunds, (found, story)
