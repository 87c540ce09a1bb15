"""Budgets of keys in the database, counted by several processes at once (D-25)."""

import asyncio
from uuid import UUID

import pytest

from mainspring.core.errors import TooManyRequests
from mainspring.core.limits.budgets import Budgets
from mainspring.core.limits.lending import ByStore
from mainspring.core.security.ports import KeyTallies
from mainspring.modules.api_keys.repository import TallyRepository


@pytest.fixture
async def key_id(ada, robots):
    return UUID((await robots.key(ada))["id"])


async def asks(budgets, key_id, limit):
    try:
        if not budgets.take(key_id):
            await budgets.borrow(key_id, limit)
    except TooManyRequests:
        return False
    return True


async def test_four_processes_let_the_limit_through_and_no_more(app, key_id):
    tallies = app.application.resolve(KeyTallies)
    processes = [Budgets(ByStore(tallies)) for _ in range(4)]

    answers = await asyncio.gather(*(asks(processes[number % 4], key_id, 60) for number in range(300)))

    assert sum(answers) == 60


async def test_one_after_the_other_they_do_too(app, key_id):
    tallies = app.application.resolve(KeyTallies)
    processes = [Budgets(ByStore(tallies)) for _ in range(3)]

    answers = [await asks(processes[number % 3], key_id, 40) for number in range(100)]

    assert sum(answers) == 40


async def test_a_tally_is_changed_by_one_at_a_time(app, key_id):
    tallies = app.application.resolve(KeyTallies)

    def count_up(written):
        return {"used": {}, "lent": {}, "count": (written or {}).get("count", 0) + 1}, None

    await asyncio.gather(*(tallies.change(key_id, count_up) for _ in range(50)))

    async with app.application.unit() as uow:
        assert (await TallyRepository(uow).hold(key_id))["count"] == 50


async def test_an_answer_says_what_is_left_of_the_key_and_of_nothing_else(app, ada, robots):
    key = (await robots.key(ada, "own:read", requestsPerMinute=3))["key"]

    answers = [await robots.asks(key, "GET", "/users/me") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200] * 3 + [429]
    assert {answer.headers["RateLimit-Policy"] for answer in answers} == {'"api-key";q=3;w=60'}
    assert [answer.headers["RateLimit"].partition(";t=")[0] for answer in answers] == [
        f'"api-key";r={left}' for left in (2, 1, 0, 0)
    ]


class TestStaleKey:
    """A key that is refused again and again."""

    @pytest.fixture
    def environment(self):
        return {"RATE_LIMITS__ANONYMOUS": "20/15m"}

    async def test_it_does_not_use_up_the_address_of_the_people_beside_it(self, app, robots):
        refused = {await robots.status("ms_test_nothing", "GET", "/users/me") for _ in range(30)}

        assert refused == {401, 429}
        assert (await app.get("/api/v1/nothing")).status_code == 404
