"""A batch comes in by every door that its operations have: a cookie with its token, and an API key within its scopes."""

import pytest

from mainspring.testing.client import PASSWORD
from tests.integration.modules.batch.conftest import PRODUCT, operation

BATCH = "/api/v1/batch"
NEW = {"operations": [operation("a", "POST", "/products", PRODUCT), operation("b", "GET", "/products/{{a.id}}")]}


@pytest.fixture
async def cookies(shop):
    """The headers of a browser in which the keeper of the shop signed in, and its CSRF token."""
    wish = {"email": shop.keeper.email, "password": PASSWORD, "transport": "cookie"}
    answer = await shop.app.http.post("/api/v1/auth/login", json=wish, headers={"Sec-Fetch-Site": "same-origin"})
    sent = "; ".join(f"{name}={value}" for name, value in answer.cookies.items())
    shop.app.http.cookies.clear()
    return {"Cookie": sent, "Sec-Fetch-Site": "same-origin"}, answer.json()["csrfToken"]


async def test_a_cookie_needs_its_second_proof_once_for_all_operations(shop, cookies):
    browser, csrf = cookies

    forged = await shop.app.http.post(BATCH, json=NEW, headers=browser)
    done = await shop.app.http.post(BATCH, json=NEW, headers={**browser, "X-CSRF-Token": csrf})

    assert (forged.status_code, done.status_code) == (403, 200), done.text
    assert [one["status"] for one in done.json()["operations"]] == [201, 200]
    assert await shop.products() == 1


async def test_a_key_carries_out_what_its_scopes_hold_and_nothing_else(shop):
    async def key(*scopes):
        wish = {"name": "Nightly import", "scopes": list(scopes)}
        return (await shop.app.as_(shop.keeper).post("/api/v1/api-keys", json=wish)).raise_for_status().json()["key"]

    half, whole = await key("products:create"), await key("products:create", "products:read")
    refused = await shop.app.post(BATCH, json=NEW, headers={"X-API-Key": half})
    done = await shop.app.post(BATCH, json=NEW, headers={"X-API-Key": whole})

    told = refused.json()["error"]["details"]
    assert (refused.status_code, told["operation"], told["error"]["code"]) == (403, "b", "FORBIDDEN")
    assert done.status_code == 200, done.text
    assert await shop.products() == 1
