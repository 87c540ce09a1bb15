"""Once means once, on both databases, whoever races (ARCHITECTURE 3.7, ASVS 6.4.1, 6.5.1)."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select

from mainspring.core import ids
from mainspring.core.database import Database, Statement
from mainspring.core.security.claim_once import Claim, claim_first, claim_once, offer_once, sweep, withdraw

HOUR = timedelta(hours=1)
ADA = "ada@example.com"
ALL = Statement(select(Claim.token_hash), str)


async def offered(database: Database, purpose: str = "reset", subject: str = ADA, ttl: timedelta = HOUR) -> str:
    async with database.unit() as uow:
        return await offer_once(uow, purpose, subject, ttl)


async def claimed(database: Database, token: str, purpose: str = "reset") -> str | None:
    async with database.unit() as uow:
        return await claim_once(uow, purpose, token)


async def first(database: Database, key: str) -> bool:
    async with database.unit() as uow:
        return await claim_first(uow, "totp", key, ADA, HOUR)


async def test_an_offer_is_claimed_once(database: Database) -> None:
    token = await offered(database)

    assert await claimed(database, token) == ADA
    assert await claimed(database, token) is None


async def test_a_claim_for_another_purpose_is_refused_and_uses_nothing_up(database: Database) -> None:
    token = await offered(database)

    assert await claimed(database, token, "invitation") is None
    assert await claimed(database, token) == ADA


async def test_an_expired_offer_is_refused(database: Database) -> None:
    token = await offered(database, ttl=timedelta(seconds=-1))

    assert await claimed(database, token) is None


@pytest.mark.parametrize("token", ["", "x", "\ud800", "' OR 1=1 --", "0" * 64, "x" * 10_000])
async def test_noise_is_refused(database: Database, token: str) -> None:
    await offered(database)

    assert await claimed(database, token) is None


async def test_a_withdrawn_offer_is_refused_and_others_are_not(database: Database) -> None:
    token, others = await offered(database), await offered(database, subject="bob@example.com")

    async with database.unit() as uow:
        assert await withdraw(uow, "reset", ADA) == 1

    assert await claimed(database, token) is None
    assert await claimed(database, others) == "bob@example.com"


async def test_a_claim_that_is_rolled_back_was_never_made(database: Database) -> None:
    token = await offered(database)

    with pytest.raises(ZeroDivisionError):
        await fail_after_claiming(database, token)

    assert await claimed(database, token) == ADA


async def fail_after_claiming(database: Database, token: str) -> None:
    async with database.unit() as uow:
        assert await claim_once(uow, "reset", token) == ADA
        raise ZeroDivisionError


async def test_the_secret_itself_is_not_stored(database: Database) -> None:
    token = await offered(database)

    async with database.reading() as uow:
        stored = await uow.all(ALL)

    assert len(token) == 64
    assert stored != [token]


async def test_the_first_use_of_a_key_counts(database: Database) -> None:
    assert [await first(database, "step 1"), await first(database, "step 1"), await first(database, "step 2")] == [
        True,
        False,
        True,
    ]


async def test_of_fifty_who_claim_at_once_one_succeeds(database: Database) -> None:
    for _ in range(20):
        token = await offered(database)

        answers = await asyncio.gather(*(claimed(database, token) for _ in range(50)))

        assert Counter(answers) == {ADA: 1, None: 49}


async def test_of_fifty_first_uses_at_once_one_is_first(database: Database) -> None:
    for _ in range(20):
        key = str(ids.new())

        answers = await asyncio.gather(*(first(database, key) for _ in range(50)))

        assert Counter(answers) == {True: 1, False: 49}


async def test_what_has_expired_is_swept(database: Database) -> None:
    await offered(database, ttl=timedelta(seconds=-1))
    token = await offered(database)

    async with database.unit() as uow:
        assert await sweep(uow) == 1

    assert await claimed(database, token) == ADA
