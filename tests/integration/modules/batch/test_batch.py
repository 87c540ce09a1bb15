"""Several operations in one transaction (D-25, decision 28)."""

import asyncio

from tests.integration.modules.batch.conftest import PRODUCT, operation


def transfer(id, user, amount):
    return operation(id, "POST", "/credits/transfers", {"toUserId": str(user.id), "amount": amount})


async def test_operations_use_the_answers_of_earlier_ones(shop):
    answer = await shop.batch(
        operation("a", "POST", "/products", PRODUCT),
        operation(
            "b", "POST", "/products/{{a.id}}/stock", {"delta": "{{a.stock}}", "reason": "as many as {{a.name}} has: {{a.stock}}"}
        ),
        operation("c", "GET", "/products/{{a.id}}"),
        operation("d", "GET", "/products?category={{a.category}}&limit=1"),
        operation("e", "PATCH", "/products/{{a.id}}", {"name": "Watch"}),
        operation("f", "DELETE", "/products/{{a.id}}"),
    )

    assert answer.status_code == 200, answer.text
    done = {one["id"]: one for one in answer.json()["operations"]}
    assert [one["status"] for one in done.values()] == [201, 200, 200, 200, 200, 204]
    assert done["a"]["headers"]["Location"] == f"/api/v1/products/{done['a']['body']['id']}"
    assert done["c"]["body"]["stock"] == done["b"]["body"]["stock"] == 10
    assert done["c"]["headers"]["ETag"]
    assert done["d"]["body"]["data"][0]["id"] == done["a"]["body"]["id"]
    assert (done["e"]["body"]["name"], done["f"]["body"]) == ("Watch", None)
    assert await shop.products() == 0


async def test_the_last_refusal_undoes_everything(shop, ada, bob):
    product = await shop.product(stock=5)
    await shop.gives(shop.keeper, 10)

    answer = await shop.batch(
        transfer("pay", ada, 4),
        operation("take", "POST", f"/products/{product}/stock", {"delta": -2, "reason": "sold"}),
        operation("new", "POST", "/products", PRODUCT),
        transfer("too-much", bob, 7),
    )

    assert answer.status_code == 409
    error = answer.json()["error"]
    assert error["code"] == "batch.operation_failed"
    assert {name: error["details"][name] for name in ("operation", "index", "status")} == {
        "operation": "too-much",
        "index": 3,
        "status": 409,
    }
    assert error["details"]["error"]["code"] == "credits.not_enough"
    assert await shop.holds(shop.keeper, ada, bob) == [10, 0, 0]
    assert (await shop.stock(product), await shop.products()) == (5, 1)


async def test_a_wrong_body_is_told_with_its_fields(shop):
    answer = await shop.batch(
        operation("a", "POST", "/products", PRODUCT), operation("b", "POST", "/products", {**PRODUCT, "stock": -1})
    )

    inner = answer.json()["error"]["details"]
    assert (answer.status_code, inner["operation"], inner["error"]["code"]) == (422, "b", "VALIDATION_ERROR")
    assert inner["error"]["details"][0]["field"] == "stock"
    assert await shop.products() == 0


async def test_an_etag_counts_for_its_operation(shop):
    product = await shop.product()
    path = f"/products/{product}"

    stale = await shop.batch(operation("a", "PATCH", path, {"name": "One"}, ifMatch='"0-0"'))
    tag = (await shop.app.as_(shop.keeper).get(f"/api/v1{path}")).headers["etag"]
    fresh = await shop.batch(operation("a", "PATCH", path, {"name": "One"}, ifMatch=tag))

    assert (stale.status_code, stale.json()["error"]["details"]["status"]) == (412, 412)
    assert fresh.status_code == 200


async def test_the_trail_names_whoever_sent_the_batch(shop):
    answer = await shop.batch(operation("a", "POST", "/products", PRODUCT))

    id = answer.json()["operations"][0]["body"]["id"]
    entries = (await shop.app.as_(shop.keeper).get(f"/api/v1/audit?resourceId={id}")).json()["data"]
    assert [entry["userId"] for entry in entries] == [str(shop.keeper.id)]
    assert entries[0]["requestId"] == answer.headers["x-request-id"]


async def test_a_batch_with_a_key_happens_once(shop):
    wish = (operation("a", "POST", "/products", PRODUCT), operation("b", "GET", "/products/{{a.id}}"))
    first = await shop.batch(*wish, headers={"Idempotency-Key": "k"})
    again = await shop.batch(*wish, headers={"Idempotency-Key": "k"})
    other = await shop.batch(wish[0], headers={"Idempotency-Key": "k"})

    assert first.status_code == 200
    assert (again.content, again.headers["idempotent-replayed"]) == (first.content, "true")
    assert (other.status_code, await shop.products()) == (422, 1)


async def test_a_refused_batch_with_a_key_is_given_again(shop, ada):
    first = await shop.batch(transfer("a", ada, 3), headers={"Idempotency-Key": "k"})
    await shop.gives(shop.keeper, 10)
    again = await shop.batch(transfer("a", ada, 3), headers={"Idempotency-Key": "k"})

    assert (first.status_code, again.status_code) == (409, 409)
    assert (again.content, await shop.holds(ada)) == (first.content, [0])


async def test_conflicting_batches_lose_nothing(shop, ada, bob, people):
    """Opposite transfers in opposite order, at once: each batch happens whole or not at all, and no credit is lost."""
    for user in (ada, bob):
        await shop.gives(user, 20)

    answers = await asyncio.gather(
        *(
            shop.batch(transfer("a", other, 3), transfer("b", other, 2), by=sender)
            for sender, other in [(ada, bob), (bob, ada)] * 10
        )
    )

    assert {answer.status_code for answer in answers} <= {200, 409, 503}
    assert [answer.status_code for answer in answers].count(200) >= 8
    moved = sum(5 if place % 2 == 0 else -5 for place, answer in enumerate(answers) if answer.status_code == 200)
    assert await shop.holds(ada, bob) == [20 - moved, 20 + moved]
