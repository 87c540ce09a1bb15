"""Credits over REST (R-283, D-37)."""

import asyncio

import pytest

from mainspring.core import ids
from mainspring.core.money import MAX_AMOUNT
from mainspring.modules.credits import repository
from mainspring.testing.plans import is_answered_by_index, query_plan

CREDITS = "/api/v1/credits"
TRANSFERS = f"{CREDITS}/transfers"


def to(user, amount):
    return {"toUserId": str(user.id), "amount": amount}


async def test_a_transfer_moves_credits(app, ada, bob, bank):
    await bank.gives(ada, 10)

    answer = await app.as_(ada).post(TRANSFERS, json=to(bob, 4))

    assert answer.status_code == 201
    transfer = answer.json()
    assert {name: transfer[name] for name in ("kind", "fromUserId", "toUserId", "amount")} == {
        "kind": "transfer",
        "fromUserId": str(ada.id),
        "toUserId": str(bob.id),
        "amount": 4,
    }
    assert await bank.holds(ada, bob) == [6, 4]
    assert (await app.as_(bob).get(answer.headers["location"])).json() == transfer


async def test_too_little_is_refused_and_nothing_moves(app, ada, bob, bank):
    await bank.gives(ada, 3)

    answers = [
        await app.as_(ada).post(TRANSFERS, json=to(bob, 4)),
        await app.as_(bob).post(TRANSFERS, json=to(ada, 1)),
    ]

    assert [(answer.status_code, answer.json()["error"]["code"]) for answer in answers] == [(409, "credits.not_enough")] * 2
    assert await bank.holds(ada, bob) == [3, 0]
    assert await bank.violations() == []


async def test_credits_are_not_sent_to_oneself(app, ada, bank):
    await bank.gives(ada, 3)

    answer = await app.as_(ada).post(TRANSFERS, json=to(ada, 1))

    assert answer.status_code == 422
    assert answer.json()["error"]["details"][0] == {
        "field": "toUserId",
        "message": "Credits cannot be sent to oneself",
        "code": "own_account",
    }


@pytest.mark.parametrize("amount", [0, -1, 1.5, "1", True, MAX_AMOUNT + 1, None])
async def test_only_whole_amounts_above_zero_move(app, ada, bob, bank, amount):
    await bank.gives(ada, 3)

    answer = await app.as_(ada).post(TRANSFERS, json=to(bob, amount))

    assert answer.status_code == 422
    assert answer.json()["error"]["details"][0]["field"] == "amount"
    assert await bank.holds(ada, bob) == [3, 0]


async def test_unknown_and_inactive_receivers_are_not_found(app, admin, ada, bob, bank):
    await bank.gives(ada, 9)
    await app.as_(admin).patch(f"/api/v1/users/{bob.id}", json={"isActive": False})

    answers = [
        await app.as_(ada).post(TRANSFERS, json={"toUserId": str(id), "amount": 1}) for id in (ids.new(), bob.id, ids.UUID(int=0))
    ]

    assert [answer.status_code for answer in answers] == [404] * 3
    assert {answer.json()["error"]["code"] for answer in answers} == {"credits.receiver_not_found"}
    assert await bank.holds(ada, bob) == [9, 0]


async def test_a_repeated_transfer_moves_once(app, ada, bob, bank):
    await bank.gives(ada, 10)
    send = {"json": to(bob, 4), "headers": {"Idempotency-Key": "rent"}}

    first, second = await app.as_(ada).post(TRANSFERS, **send), await app.as_(ada).post(TRANSFERS, **send)
    other = await app.as_(ada).post(TRANSFERS, json=to(bob, 5), headers={"Idempotency-Key": "rent"})

    assert first.json() == second.json()
    assert second.headers["idempotent-replayed"] == "true"
    assert other.status_code == 422
    assert await bank.holds(ada, bob) == [6, 4]


async def test_a_deposit_comes_from_the_house(app, admin, ada, bank):
    answer = await app.as_(admin).post(f"{CREDITS}/deposits", json=to(ada, 10) | {"reason": "Welcome"})

    assert answer.status_code == 201
    assert answer.json()["fromUserId"] is None
    assert answer.json()["reason"] == "Welcome"
    assert (await app.as_(admin).get(answer.headers["location"])).json() == answer.json()
    assert await bank.holds(ada) == [10]
    assert await bank.violations() == []
    refused = await app.as_(ada).post(f"{CREDITS}/deposits", json=to(ada, 10))
    assert refused.status_code == 403


async def test_an_account_holds_no_more_than_can_be_counted(app, admin, ada, bob, bank):
    await bank.gives(ada, MAX_AMOUNT)
    await bank.gives(bob, 1)

    answers = [
        await app.as_(admin).post(f"{CREDITS}/deposits", json=to(ada, 1)),
        await app.as_(bob).post(TRANSFERS, json=to(ada, 1)),
    ]

    assert [(answer.status_code, answer.json()["error"]["code"]) for answer in answers] == [(409, "credits.too_many")] * 2
    assert await bank.holds(ada, bob) == [MAX_AMOUNT, 1]
    assert await bank.violations() == []


async def test_the_statement_tells_how_the_balance_came_to_be(app, ada, bob, bank):
    await bank.gives(ada, 10)
    await bank.transfers(ada, bob, 3)
    await bank.transfers(bob, ada, 1)

    whole = (await app.as_(ada).get(f"{CREDITS}?sort=createdAt")).json()
    first = (await app.as_(ada).get(f"{CREDITS}?cursor=&limit=2")).json()
    second = (await app.as_(ada).get(f"{CREDITS}?limit=2&cursor={first['pagination']['nextCursor']}")).json()

    assert whole["balance"] == 8
    assert [(line["kind"], line["amount"], line["balanceAfter"]) for line in whole["data"]] == [
        ("deposit", 10, 10),
        ("transfer", -3, 7),
        ("transfer", 1, 8),
    ]
    assert whole["data"][0]["fromUserId"] is None
    assert [line["id"] for line in first["data"] + second["data"]] == [line["id"] for line in reversed(whole["data"])]
    assert second["pagination"]["nextCursor"] is None


async def test_who_holds_nothing_has_an_empty_statement(app, ada):
    answer = (await app.as_(ada).get(CREDITS)).json()

    assert answer["balance"] == 0
    assert answer["data"] == []


async def test_a_strangers_transfer_is_not_there(app, ada, bob, people, bank):
    await bank.gives(ada, 10)
    path = (await app.as_(ada).post(TRANSFERS, json=to(bob, 4))).headers["location"]
    stranger, teller = await app.sign_up(), await people.with_grant("credits:deposit")

    statuses = [(await app.as_(who).get(path)).status_code for who in (ada, bob, stranger, teller)]

    assert statuses == [200, 200, 404, 200]


async def test_each_move_leaves_an_audit_record(app, admin, ada, bob):
    await app.as_(admin).post(f"{CREDITS}/deposits", json=to(ada, 10))
    sent = (await app.as_(ada).post(TRANSFERS, json=to(bob, 4))).json()

    records = (await app.as_(admin).get("/api/v1/audit?resource=credit_transfer")).json()["data"]

    assert [record["action"] for record in records] == ["TRANSFER", "DEPOSIT"]
    assert records[0]["resourceId"] == sent["id"]
    assert records[0]["changes"] == {"senderId": str(ada.id), "receiverId": str(bob.id), "amount": 4}


async def test_the_same_credits_are_spent_once(app, ada, bob, bank):
    await bank.gives(ada, 10)

    answers = await asyncio.gather(*(app.as_(ada).post(TRANSFERS, json=to(bob, 1)) for _ in range(30)))

    assert sorted(answer.status_code for answer in answers) == [201] * 10 + [409] * 20
    assert await bank.holds(ada, bob) == [0, 10]


async def test_the_statement_is_answered_by_an_index(database):
    shape = repository.ENTRIES.slice_shape(database.dialect, ("account_id",), ("createdAt", True), None)

    plan = await query_plan(database, shape, {"account_id": ids.new(), "limit": 20})

    assert is_answered_by_index(plan), plan
