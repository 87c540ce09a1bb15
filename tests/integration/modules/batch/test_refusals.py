"""What a batch refuses before it does anything, and what nobody reaches by it."""

import pytest

from mainspring.core.http.plan import Plan
from tests.integration.modules.batch.conftest import PRODUCT, operation

NEW = operation("a", "POST", "/products", PRODUCT)


@pytest.mark.parametrize(
    ("second", "field", "words"),
    [
        (operation("b", "GET", "/products/{{c.id}}"), "operations.1.path", "b refers to c, which is none"),
        (operation("b", "GET", "/products/{{b.id}}"), "operations.1.path", "b refers to b, which does not come before"),
        (operation("b", "PATCH", "/products/{{a.id}}", {"name": "{{z.x}}"}), "operations.1.body", "b refers to z"),
        (operation("b", "POST", "/batch", {"operations": []}), "operations.1.path", "cannot hold another"),
        (operation("b", "POST", "/orders", {}), "operations.1.path", "several transactions"),
        (operation("b", "POST", "/auth/login", {}), "operations.1.path", "several transactions"),
        (operation("b", "POST", "/auth/logout"), "operations.1.path", "cookies"),
        (operation("b", "POST", "/api-keys", {}), "operations.1.path", "stored nowhere"),
        (operation("b", "POST", "/payments/webhooks/local", {}), "operations.1.path", "body is no JSON"),
        ({**NEW, "id": "a"}, "operations", "id of its own"),
        ({**NEW, "id": "1b"}, "operations.1.id", "form"),
        ({**NEW, "id": "b", "path": "/health"}, "operations.1.path", "form"),
        ({**NEW, "id": "b", "method": "HEAD"}, "operations.1.method", "must be one of"),
    ],
)
async def test_what_does_not_fit_is_refused_by_name(shop, second, field, words):
    answer = await shop.batch(NEW, second)

    assert answer.status_code == 422, answer.text
    detail = answer.json()["error"]["details"][0]
    assert detail["field"] == field
    assert words in detail["message"]
    assert await shop.products() == 0


async def test_references_must_come_in_order(shop):
    answer = await shop.batch(operation("a", "GET", "/products/{{b.id}}"), operation("b", "POST", "/products", PRODUCT))

    assert answer.json()["error"]["details"][0]["message"] == "Operation a refers to b, which does not come before it"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/products/{{a.nothing}}", "names nothing"),
        ("/products/{{a.price}}", "no single value"),
        ("/products/{{a.note}}", "a slash"),
    ],
)
async def test_a_reference_that_leads_nowhere_undoes_everything(shop, path, words):
    first = {**NEW, "body": {**PRODUCT, "category": "x/stock"}}
    answer = await shop.batch(first, operation("b", "GET", path.replace("note", "category")))

    details = answer.json()["error"]["details"]
    assert (answer.status_code, details["operation"]) == (422, "b")
    assert words in details["error"]["details"][0]["message"]
    assert await shop.products() == 0


async def test_texts_may_hold_braces_when_they_are_no_references(shop):
    name = "{{hello.you}}"
    answer = await shop.batch({**NEW, "body": {**PRODUCT, "name": name}, "references": False})

    assert answer.json()["operations"][0]["body"]["name"] == name


async def test_guards_are_asked_before_anything_happens(shop, ada):
    product = await shop.product()
    answer = await shop.batch(
        operation("mine", "PATCH", "/users/me", {"name": "Augusta"}),
        operation("theirs", "DELETE", f"/products/{product}"),
        by=ada,
    )

    details = answer.json()["error"]["details"]
    assert (answer.status_code, details["operation"], details["error"]["code"]) == (403, "theirs", "FORBIDDEN")
    assert (await shop.app.as_(ada).get("/api/v1/users/me")).json()["name"] == "Ada Lovelace"
    assert await shop.products() == 1


async def test_strangers_are_not_let_in(shop):
    assert (await shop.app.post("/api/v1/batch", json={"operations": [NEW]})).status_code == 401


async def test_a_route_that_is_not_there(shop):
    gone = await shop.batch(operation("a", "GET", "/nothing"))
    wrong = await shop.batch(operation("a", "DELETE", "/products"))

    assert (gone.status_code, gone.json()["error"]["details"]["error"]["code"]) == (404, "NOT_FOUND")
    told = wrong.json()["error"]["details"]
    assert (wrong.status_code, told["status"], told["error"]["code"]) == (422, 405, "METHOD_NOT_ALLOWED")


async def test_a_batch_has_a_length(shop):
    answer = await shop.batch(*({**NEW, "id": f"a{number}"} for number in range(21)))

    assert answer.json()["error"]["details"][0]["code"] == "too_long"
    assert await shop.products() == 0


NEVER_STORED = ("/api/v1/auth/", "/api/v1/api-keys", "/api/v1/oauth")


async def test_no_operation_opens_a_door_that_asks_nobody(app):
    """What may be in a batch has one unit, keeps no secret and sets no cookie."""
    fit = [plan for _, _, plan in app.program.plans if isinstance(plan, Plan) and plan.unfit is None]

    assert len(fit) > 40
    for plan in fit:
        assert plan.path.startswith("/api/v1/"), plan.label
        assert not plan.is_saga, plan.label
        assert (plan.native, plan.foreign) == (None, None), plan.label
        assert not plan.path.startswith(NEVER_STORED), plan.label


class TestLimits:
    """Operations are counted, not requests (D-25)."""

    @pytest.fixture
    def environment(self):
        return {"RATE_LIMITS": "on", "RATE_LIMITS__SIGNED_IN": "8/1m", "RATE_LIMITS__ANONYMOUS": "1000/1m"}

    async def test_each_operation_counts(self, shop, ada):
        reads = [operation(f"r{number}", "GET", "/users/me") for number in range(6)]

        first = await shop.batch(*reads, by=ada)
        second = await shop.batch(*reads, by=ada)

        assert (first.status_code, second.status_code) == (200, 429)
        assert second.json()["error"]["details"]["operation"] in {"r1", "r2", "r3"}
        assert int(second.headers["retry-after"]) >= 1
