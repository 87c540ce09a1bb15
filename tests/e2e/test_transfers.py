"""Random transfers from many connections to two processes: no credit is lost, made or owed (R-283, D-37)."""

import asyncio
import random
from collections import Counter
from uuid import UUID

import pytest

from mainspring.core.money import MAX_AMOUNT
from mainspring.modules.credits.service import CreditService, LedgerService
from mainspring.testing.client import PASSWORD

CONNECTIONS, FIRST_BALANCE = 64, 100


async def account(client, number):
    """A new user: id and headers."""
    wish = {"email": f"user{number}@example.com", "password": PASSWORD, "name": "Ada Lovelace"}
    user = (await client.post("/api/v1/auth/register", json=wish)).raise_for_status().json()
    signed_in = await client.post("/api/v1/auth/login", json={"email": wish["email"], "password": PASSWORD})
    return user["id"], {"Authorization": f"Bearer {signed_in.raise_for_status().json()['accessToken']}"}


def wishes(accounts, count, chance):
    """Who sends how much to whom; every second transfer goes the opposite way of the one before it."""
    while count > 0:
        sender, receiver = chance.sample(accounts, 2)
        amount = chance.choices([chance.randint(1, 40), 0, MAX_AMOUNT], [90, 5, 5])[0]
        yield sender, (sender if chance.random() < 0.05 else receiver), amount
        yield receiver, sender, chance.randint(1, 40)
        count -= 2


async def send(client, sender, receiver, amount):
    """One transfer: the status that was due, and the answer."""
    answer = await client.post("/api/v1/credits/transfers", json={"toUserId": receiver[0], "amount": amount}, headers=sender[1])
    due = {422} if amount == 0 or sender is receiver else {409} if amount == MAX_AMOUNT else {201, 409}
    assert answer.status_code in due, (amount, answer.status_code, answer.text)
    return answer.status_code


async def transfers_at_once(running, application, users, count):
    """Send `count` transfers; how often each status was answered, and what the ledger holds afterwards."""
    statuses = Counter()
    async with running.client(timeout_seconds=120) as client:
        accounts = [await account(client, number) for number in range(users)]
        async with application.unit() as uow:
            for id, _ in accounts:
                await CreditService(uow).deposit(UUID(id), FIRST_BALANCE)
        due = wishes(accounts, count, random.Random(count))

        async def connection():
            for wish in due:
                statuses[await send(client, *wish)] += 1

        await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
        held = [(await client.get("/api/v1/credits", headers=headers)).json()["balance"] for _, headers in accounts]
    return statuses, held, [each async for each in LedgerService(application.reading).violations()]


@pytest.mark.parametrize(("users", "count"), [(10, 300), pytest.param(50, 10_000, marks=pytest.mark.full)])
async def test_no_credit_is_lost_made_or_owed(server, application, users, count):
    statuses, held, violations = await transfers_at_once(server(workers=2), application, users, count)

    assert set(statuses) == {201, 409, 422}
    assert sum(statuses.values()) == count
    assert statuses[201] > count // 3
    assert sum(held) == users * FIRST_BALANCE
    assert min(held) >= 0
    assert violations == []
