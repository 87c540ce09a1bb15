"""API keys over REST (R-099)."""

import asyncio
import re
from datetime import datetime, timedelta
from uuid import UUID

import pytest
import time_machine

from mainspring.core import clock, ids
from mainspring.core.security import key_text
from mainspring.core.security.key_uses import KeyUses
from mainspring.core.security.snapshots import KeySnapshots
from mainspring.modules.access.service import AssignmentService
from mainspring.modules.api_keys import repository
from mainspring.modules.api_keys.schemas import KeyOut
from mainspring.modules.api_keys.service import KeyService
from mainspring.modules.api_keys.settings import Settings
from mainspring.modules.users.service import UserService
from mainspring.testing.client import PASSWORD
from tests.integration.races import assert_won_once

KEYS = "/api/v1/api-keys"


async def test_a_key_is_shown_once_and_opens_what_it_was_made_for(app, ada, robots):
    made = await robots.key(ada, "orders:place", "own:read", name=" Shop robot ")

    assert re.fullmatch(r"msk_test_[0-9A-Za-z]{22}_[0-9A-Za-z]{49}", made["key"])
    assert made["key"].startswith(made["prefix"])
    assert (made["name"], made["scopes"], made["status"]) == ("Shop robot", ["orders:place", "own:read"], "active")
    me = (await robots.asks(made["key"], "GET", "/users/me")).json()
    assert (me["id"], me["roles"], me["permissions"]) == (str(ada.id), [], ["orders:place", "own:read"])
    assert await robots.status(made["key"], "GET", "/orders") == 200
    assert await robots.status(made["key"], "GET", "/products") == 403
    for answer in (await app.as_(ada).get(f"{KEYS}/{made['id']}"), await app.as_(ada).get(KEYS)):
        assert answer.status_code == 200
        assert "_".join(made["key"].split("_")[3:]) not in answer.text


async def test_the_answer_with_a_secret_is_kept_nowhere(app, ada):
    body = {"name": "Robot", "scopes": []}
    answers = [await app.as_(ada).post(KEYS, json=body, headers={"Idempotency-Key": "once"}) for _ in range(2)]

    first, second = (answer.json() for answer in answers)
    assert first["key"] != second["key"]
    assert answers[0].headers["cache-control"] == "no-store"
    assert answers[0].headers["location"] == f"{KEYS}/{first['id']}"


async def test_a_key_without_scopes_may_nothing_that_asks_who_it_is(app, ada, robots):
    key = (await robots.key(ada))["key"]

    assert {await robots.status(key, "GET", path) for path in ("/users/me", "/orders", "/products", "/notifications")} == {403}
    refusal = (await robots.asks(key, "GET", "/users/me")).json()["error"]
    assert (refusal["message"], refusal["details"]) == ("Permission 'own:read' required", {"required": ["own:read"]})


async def test_reading_ones_own_does_not_change_it(app, ada, robots):
    key = (await robots.key(ada, "own:read"))["key"]

    answer = await robots.asks(key, "PATCH", "/users/me", json={"bio": "Robot"})

    assert (answer.status_code, answer.json()["error"]["details"]) == (403, {"required": ["own:write"]})
    writer = (await robots.key(ada, "own:write"))["key"]
    assert await robots.status(writer, "PATCH", "/users/me", json={"bio": "Robot"}) == 200


async def test_a_permission_opens_what_belongs_to_others_without_the_own_one(app, ada, bob, people, robots):
    reader = await people.with_grant("users:read")
    key = (await robots.key(reader, "users:read"))["key"]

    assert await robots.status(key, "GET", f"/users/{bob.id}") == 200
    assert await robots.status(key, "DELETE", f"/users/{bob.id}") == 403


async def test_a_role_opens_nothing_for_a_key(app, admin, robots):
    key = (await robots.key(admin, "users:read"))["key"]

    answer = await robots.asks(key, "GET", "/admin/users")

    assert (answer.status_code, answer.json()["error"]["details"]) == (403, {"reason": "people_only"})
    assert await robots.status(key, "GET", "/users") == 200


async def test_a_key_gives_no_more_than_it_may_itself(app, admin, bob, robots):
    """Its owner holds everything; the key may assign roles, but not what they hold."""
    key = (await robots.key(admin, "roles:assign", "grants:manage"))["key"]

    for path, body in (
        (f"/users/{bob.id}/roles", {"role": "admin"}),
        (f"/users/{bob.id}/roles", {"role": "moderator"}),
        (f"/users/{bob.id}/grants", {"permission": "users:delete"}),
    ):
        assert await robots.status(key, "POST", path, json=body) == 403
    assert await robots.status(key, "POST", f"/users/{bob.id}/grants", json={"permission": "roles:assign"}) == 201


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api-keys", None),
        ("POST", "/api-keys", {"name": "Child", "scopes": []}),
        ("GET", "/api-keys/{key}", None),
        ("DELETE", "/api-keys/{key}", None),
        ("POST", "/api-keys/{key}/rotation", {}),
        ("POST", "/service-accounts", {"name": "Child"}),
        ("GET", "/service-accounts", None),
        ("POST", "/auth/change-password", {"currentPassword": PASSWORD, "newPassword": "another correct horse"}),
        ("POST", "/auth/logout", None),
        ("POST", "/auth/logout-all", None),
        ("GET", "/auth/sessions", None),
        ("DELETE", "/auth/sessions/{id}", None),
        ("DELETE", "/users/{user}/sessions", None),
        ("DELETE", "/users/me", None),
    ],
)
async def test_what_is_for_people_no_key_may(app, admin, robots, method, path, body):
    held = (await app.as_(admin).get("/api/v1/users/me")).json()["permissions"]
    made = await robots.key(admin, *held)
    options = {} if body is None else {"json": body}

    answer = await robots.asks(made["key"], method, path.format(id=ids.new(), key=made["id"], user=admin.id), **options)

    assert (answer.status_code, answer.json()["error"]["details"]) == (403, {"reason": "people_only"})
    assert (await app.as_(admin).get(KEYS)).json()["pagination"]["total"] == 1


async def test_four_bad_keys_get_one_answer_but_for_the_reason(app, ada, robots):
    expired, revoked = await robots.key(ada, expiresIn="2s"), await robots.key(ada)
    await app.as_(ada).delete(f"{KEYS}/{revoked['id']}")
    unknown = key_text.make(ids.new(), live=False)
    forged = key_text.make(ids.new(), live=False)
    with time_machine.travel(clock.after(timedelta(seconds=3))):
        answers = [await robots.asks(key, "GET", "/users/me") for key in ("noise", unknown, expired["key"], revoked["key"])]

    assert {answer.status_code for answer in answers} == {401}
    errors = [answer.json()["error"] for answer in answers]
    assert [error.pop("details")["reason"] for error in errors] == [
        "token_invalid",
        "token_invalid",
        "token_expired",
        "token_revoked",
    ]
    assert errors == [{"code": "UNAUTHORIZED", "message": "The API key is not accepted."}] * 4
    assert {answer.headers["www-authenticate"].partition(",")[0] for answer in answers} == {'Bearer error="invalid_token"'}
    assert {tuple(sorted(answer.headers)) for answer in answers} == {tuple(sorted(answers[0].headers))}
    assert await robots.status(forged, "GET", "/users/me") == 401
    assert await robots.status(forged, "GET", "/users/me") == 429  # the sixth failure of this address


async def test_a_public_route_does_not_look_at_the_key(app, robots):
    assert (await robots.asks("noise", "POST", "/auth/login", json={})).status_code == 422


async def test_a_scope_that_nobody_declares_is_not_found(app, ada):
    answer = await app.as_(ada).post(KEYS, json={"name": "Robot", "scopes": ["moon:land"]})

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "access.permission_not_found")


async def test_nobody_makes_a_key_that_may_more_than_he(app, ada):
    answer = await app.as_(ada).post(KEYS, json={"name": "Robot", "scopes": ["users:delete", "products:read"]})

    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["details"]) == (403, "access.beyond_own", {"missing": ["users:delete"]})


@pytest.mark.parametrize(
    ("wishes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a\tb"}, "name"),
        ({"expiresIn": "366d"}, "expiresIn"),
        ({"expiresIn": "0s"}, "expiresIn"),
        ({"expiresIn": "soon"}, "expiresIn"),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, "body"),
        ({"expiresAt": "2099-01-01T00:00:00Z"}, "expiresAt"),
        ({"expiresAt": "2099-01-01T00:00:00Z", "expiresIn": "1d"}, "body"),
        ({"requestsPerMinute": 0}, "requestsPerMinute"),
        ({"secret": "mine"}, "secret"),
    ],
)
async def test_a_wish_that_breaks_a_rule_names_the_field(app, ada, wishes, field):
    answer = await app.as_(ada).post(KEYS, json={"name": "Robot", "scopes": [], **wishes})

    assert answer.status_code == 422
    assert answer.json()["error"]["details"][0]["field"] == field


async def test_a_key_lives_ninety_days_or_as_long_as_was_asked(app, ada, robots):
    now = clock.now()
    usual, short = await robots.key(ada), await robots.key(ada, expiresAt=(now + timedelta(days=7)).isoformat())

    days = [(datetime.fromisoformat(key["expiresAt"]) - now).total_seconds() / 86_400 for key in (usual, short)]

    assert days == pytest.approx([90, 7], abs=0.01)


async def test_a_key_ends_when_its_time_is_over(app, ada, robots):
    made = await robots.key(ada, "own:read", expiresIn="1h")
    assert await robots.status(made["key"], "GET", "/users/me") == 200

    with time_machine.travel(clock.after(timedelta(seconds=3601))):
        answer = await robots.asks(made["key"], "GET", "/users/me")
        async with app.application.reading() as uow:
            shown = KeyOut.of(await KeyService(uow).get(None, UUID(made["id"]))).status

    assert (answer.status_code, answer.json()["error"]["details"]) == (401, {"reason": "token_expired"})
    assert shown == "expired"


async def test_a_revoked_key_is_dead_at_once_and_gone(app, ada, robots):
    made = await robots.key(ada, "own:read")
    assert await robots.status(made["key"], "GET", "/users/me") == 200

    assert (await app.as_(ada).delete(f"{KEYS}/{made['id']}")).status_code == 204

    assert await robots.status(made["key"], "GET", "/users/me") == 401
    assert (await app.as_(ada).get(f"{KEYS}/{made['id']}")).status_code == 404
    assert (await app.as_(ada).delete(f"{KEYS}/{made['id']}")).status_code == 404
    assert (await app.as_(ada).get(KEYS)).json()["data"] == []


async def test_fifty_revocations_at_once_revoke_once(app, ada, robots):
    for _ in range(5):
        made = await robots.key(ada)

        answers = await asyncio.gather(*(app.as_(ada).delete(f"{KEYS}/{made['id']}") for _ in range(50)))

        assert_won_once((answer.status_code for answer in answers), 204, 404)


async def test_a_key_of_somebody_else_is_not_there(app, ada, bob, robots):
    made = await robots.key(ada)
    stranger = app.as_(bob)

    answers = [
        await stranger.get(f"{KEYS}/{made['id']}"),
        await stranger.delete(f"{KEYS}/{made['id']}"),
        await stranger.post(f"{KEYS}/{made['id']}/rotation"),
    ]

    assert [(answer.status_code, answer.json()["error"]["code"]) for answer in answers] == [(404, "api_keys.not_found")] * 3
    refusal = await stranger.get(f"{KEYS}?userId={ada.id}")
    assert (refusal.status_code, refusal.json()["error"]["details"]) == (403, {"required": ["api-keys:manage"]})


@pytest.mark.parametrize("deed", ["disable", "delete"])
async def test_the_keys_of_whoever_is_shut_out_are_dead(app, ada, robots, deed):
    made = await robots.key(ada, "own:read")
    assert await robots.status(made["key"], "GET", "/users/me") == 200

    if deed == "disable":
        async with app.application.unit() as uow:
            await UserService(uow).set_active(ada.id, False)
    else:
        wish = {"currentPassword": PASSWORD}
        assert (await app.as_(ada).request("DELETE", "/api/v1/users/me", json=wish)).status_code == 202
        await app.work()

    answer = await robots.asks(made["key"], "GET", "/users/me")
    assert (answer.status_code, answer.json()["error"]["details"]) == (401, {"reason": "token_revoked"})


async def test_enabling_an_account_wakes_its_keys_and_restoring_it_does_not(app, ada, bob, admin, robots):
    of_ada, of_bob = await robots.key(ada, "own:read"), await robots.key(bob, "own:read")
    async with app.application.unit() as uow:
        await UserService(uow).set_active(ada.id, False)
    assert await robots.status(of_ada["key"], "GET", "/users/me") == 401
    async with app.application.unit() as uow:
        await UserService(uow).set_active(ada.id, True)
    await app.as_(admin).delete(f"/api/v1/users/{bob.id}")
    await app.work()
    assert (await app.as_(admin).post(f"/api/v1/users/{bob.id}/restoration")).status_code == 200

    assert await robots.status(of_ada["key"], "GET", "/users/me") == 200
    assert await robots.status(of_bob["key"], "GET", "/users/me") == 401


async def test_a_role_that_is_taken_back_closes_the_key_at_once(app, people, robots):
    moderator = await people.with_role("moderator")
    key = (await robots.key(moderator, "users:read"))["key"]
    assert await robots.status(key, "GET", "/users") == 200

    async with app.application.unit() as uow:
        await AssignmentService(uow).unassign(None, moderator.id, "moderator")

    assert await robots.status(key, "GET", "/users") == 403


async def test_an_account_has_only_so_many_keys_also_when_they_are_made_at_once(app, ada, monkeypatch):
    monkeypatch.setitem(app.application.settings._sections, Settings, Settings(per_user=3))

    answers = await asyncio.gather(*(app.as_(ada).post(KEYS, json={"name": "Robot"}) for _ in range(20)))

    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * 17
    assert {answer.json()["error"]["code"] for answer in answers if answer.status_code == 409} == {"api_keys.too_many"}


async def test_when_a_key_was_last_used_is_noted_once_a_minute(app, ada, robots):
    made = await robots.key(ada, "own:read")
    assert made["lastUsedAt"] is None
    uses = app.application.resolve(KeyUses)
    await robots.asks(made["key"], "GET", "/users/me")
    await uses.stop()
    first = (await app.as_(ada).get(f"{KEYS}/{made['id']}")).json()["lastUsedAt"]

    uses._again.clear()  # as another process, which knows of no use yet
    await robots.asks(made["key"], "GET", "/users/me")
    await uses.stop()
    same = (await app.as_(ada).get(f"{KEYS}/{made['id']}")).json()["lastUsedAt"]

    assert first is not None
    assert same == first


async def test_a_use_does_not_change_the_version(app, ada, robots):
    made = await robots.key(ada, "own:read")
    before = (await app.as_(ada).get(f"{KEYS}/{made['id']}")).headers["etag"].partition("-")[0]

    await robots.asks(made["key"], "GET", "/users/me")
    await app.application.resolve(KeyUses).stop()

    assert (await app.as_(ada).get(f"{KEYS}/{made['id']}")).headers["etag"].partition("-")[0] == before


async def test_a_budget_is_refused_with_the_time_to_wait(app, ada, robots):
    made = await robots.key(ada, "own:read", requestsPerMinute=5)

    answers = await asyncio.gather(*(robots.asks(made["key"], "GET", "/users/me") for _ in range(12)))

    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [429] * 7
    refused = [answer for answer in answers if answer.status_code == 429]
    assert {answer.json()["error"]["code"] for answer in refused} == {"RATE_LIMITED"}
    assert all(1 <= int(answer.headers["retry-after"]) <= 62 for answer in refused)
    assert (await app.as_(ada).get("/api/v1/users/me")).status_code == 200  # the budget is the key's, not the owner's


async def test_more_than_the_usual_budget_needs_a_permission(app, ada, admin, robots):
    refusal = await app.as_(ada).post(KEYS, json={"name": "Robot", "requestsPerMinute": 601})

    assert (refusal.status_code, refusal.json()["error"]["details"]) == (403, {"required": ["api-keys:manage"]})
    assert (await robots.key(admin, requestsPerMinute=601))["requestsPerMinute"] == 601


async def test_only_a_hash_is_stored(app, ada, robots):
    made = await robots.key(ada)
    async with app.application.reading() as uow:
        row = (await uow.all(repository.OPENINGS, ids=[UUID(made["id"])]))[0]

    assert row.secret_hash == key_text.hash_of(made["key"].encode())
    assert row.secret_hash not in repr(row)


async def test_the_document_names_the_key_where_one_opens_something(app):
    document = app.program.openapi()

    assert document["components"]["securitySchemes"]["ApiKeyAuth"]["name"] == "X-API-Key"
    assert {"ApiKeyAuth": []} in document["paths"]["/api/v1/orders"]["get"]["security"]
    for path, method in (("/api/v1/api-keys", "post"), ("/api/v1/admin/users", "get"), ("/api/v1/auth/logout", "post")):
        assert {"ApiKeyAuth": []} not in document["paths"][path][method]["security"]


async def test_a_key_that_is_unknown_is_asked_for_once_a_second(app, robots):
    text = key_text.make(ids.new(), live=False)
    snapshots = app.application.resolve(KeySnapshots)

    await robots.asks(text, "GET", "/users/me")
    known = next(iter(snapshots._of_session.values()))
    await robots.asks(text, "GET", "/users/me")

    assert next(iter(snapshots._of_session.values())) is known
