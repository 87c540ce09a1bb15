"""Why somebody may or may not do something: the rule, what gives it, when it ends."""

import itertools
from datetime import timedelta

import pytest
import time_machine

from mainspring.core import clock, ids
from mainspring.core.module import BootRefused, Module
from mainspring.core.security.owners import Owners
from mainspring.core.security.ports import Held
from mainspring.modules.access.service import AssignmentService, ExplainingService, GrantService, Holdings
from mainspring.modules.users.service import UserService

PATH = "/api/v1/access/explanation"


async def explained(app, caller, permission, **query):
    answer = await app.as_(caller).get(PATH, params={"permission": permission, **query})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_role_gives_it(app, ada):
    found = await explained(app, ada, "products:read")

    assert (found["userId"], found["allowed"], found["rule"], found["endsAt"]) == (str(ada.id), True, "role", None)
    assert [(one["kind"], one["name"], one["endsAt"]) for one in found["reasons"]] == [("role", "user", None)]
    assert found["words"][0] == "Ada Lovelace may products:read (Read products): a role holds it."
    assert found["words"][1].startswith("The role user was given at ")
    assert found["words"][1].endswith(" and has no end.")


async def test_a_grant_gives_it_until_its_end_and_then_it_says_when_that_was(app, ada, admin):
    body = {"permission": "audit:read", "expiresIn": "1h"}
    grant = (await app.as_(admin).post(f"/api/v1/users/{ada.id}/grants", json=body)).json()

    found = await explained(app, ada, "audit:read")

    assert (found["allowed"], found["rule"], found["endsAt"]) == (True, "grant", grant["expiresAt"])
    assert [(one["kind"], one["givenBy"]) for one in found["reasons"]] == [("grant", str(admin.id))]
    assert any(sentence.startswith("It ends at ") for sentence in found["words"])
    with time_machine.travel(clock.after(timedelta(seconds=3601))):
        ada = await app.sign_in(ada.email)
        after = await explained(app, ada, "audit:read")
    assert (after["allowed"], after["rule"], after["reasons"]) == (False, "nothing", [])
    assert after["endedAt"] == grant["expiresAt"]
    assert any(sentence.startswith("A grant of it ended at ") for sentence in after["words"])


async def test_a_role_without_end_beside_a_grant_has_no_end(app, people):
    user = await people.with_grant("products:read", lasting=timedelta(hours=1))

    found = await explained(app, user, "products:read")

    assert [one["kind"] for one in found["reasons"]] == ["role", "grant"]
    assert found["endsAt"] is None


async def test_administrators_hold_everything(app, admin):
    found = await explained(app, admin, "users:delete")

    assert (found["allowed"], found["rule"], [one["name"] for one in found["reasons"]]) == (True, "administrator", ["admin"])


async def test_nothing_gives_it_and_who_may_ask_hears_which_roles_would(app, ada, admin):
    of_herself = await explained(app, ada, "users:read")
    of_her = await explained(app, admin, "users:read", userId=str(ada.id))

    assert (of_herself["allowed"], of_herself["rule"], of_herself["heldBy"]) == (False, "nothing", [])
    assert of_her["heldBy"] == ["admin", "moderator"]
    assert "Roles that hold it: admin, moderator." in of_her["words"]


async def test_a_disabled_account_may_nothing(app, ada, admin):
    async with app.application.unit() as uow:
        await UserService(uow).set_active(ada.id, False)

    found = await explained(app, admin, "products:read", userId=str(ada.id))

    assert (found["allowed"], found["rule"]) == (False, "disabled")
    assert [one["name"] for one in found["reasons"]] == ["user"]


async def test_about_others_only_with_the_permission(app, ada, bob, people):
    refusal = await app.as_(bob).get(PATH, params={"permission": "products:read", "userId": str(ada.id)})
    assert (refusal.status_code, refusal.json()["error"]["details"]) == (403, {"required": ["access:explain"]})

    helper = await people.with_grant("access:explain")
    assert (await explained(app, helper, "products:read", userId=str(ada.id)))["allowed"]


async def test_a_permission_that_is_misspelt_is_answered_with_those_that_look_like_it(app, ada):
    answer = await app.as_(ada).get(PATH, params={"permission": "product:read"})

    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["message"]) == (
        404,
        "access.permission_not_found",
        "Permission not found",
    )
    assert error["details"]["near"][0] == "products:read"


async def test_a_thing_of_somebody_else_answers_as_one_that_is_not_there(app, ada, bob):
    nobody = ids.new()

    own, others, missing = [await explained(app, ada, "users:update", resource=f"user:{id}") for id in (ada.id, bob.id, nobody)]

    assert (own["allowed"], own["isOwn"]) == (False, True)
    assert "let this account in without a permission" in own["words"][-1]
    assert (others["isOwn"], missing["isOwn"]) == (False, False)
    assert others["words"][-1].replace(str(bob.id), "") == missing["words"][-1].replace(str(nobody), "")


async def test_each_kind_of_thing_is_asked_for(app, ada, robots_key):
    kinds = app.application.resolve(Owners).kinds
    assert kinds == ["api_key", "job", "order", "payment", "user"]

    for kind in kinds:
        assert (await explained(app, ada, "products:read", resource=f"{kind}:{ids.new()}"))["isOwn"] is False
    assert (await explained(app, ada, "products:read", resource=f"api_key:{robots_key}"))["isOwn"] is True


@pytest.fixture
async def robots_key(app, ada):
    return (await app.as_(ada).post("/api/v1/api-keys", json={"name": "Robot"})).json()["id"]


@pytest.mark.parametrize("resource", ["moon:019b76da-a800-7000-8000-000000000000", "order:1", "order", "user:" + "-" * 36])
async def test_a_thing_of_no_known_kind(app, ada, resource):
    answer = await app.as_(ada).get(PATH, params={"permission": "orders:read", "resource": resource})

    assert (answer.status_code, answer.json()["error"]["details"][0]["field"]) == (422, "resource")


async def test_a_user_who_is_not_there(app, admin):
    answer = await app.as_(admin).get(PATH, params={"permission": "orders:read", "userId": str(ids.new())})

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "users.not_found")


async def test_the_explanation_never_differs_from_the_decision(app):
    """Every mixture of roles and of grants that live, end and ended."""
    permission = "users:read"
    hour = timedelta(hours=1)
    for roles, lasting in itertools.product(
        [(), ("user",), ("moderator",), ("guest", "moderator"), ("admin",)], [None, hour, -hour, "none"]
    ):
        user = await app.sign_up()
        async with app.application.unit() as uow:
            await AssignmentService(uow).replace(None, user.id, roles)
            if lasting != "none":
                await GrantService(uow).grant(None, user.id, permission, lasting=lasting)
        async with app.application.reading() as uow:
            held = (await Holdings().held(uow, [user.id])).get(user.id, Held())
            found = await ExplainingService(uow).explain(None, user.id, permission)

        assert found.allowed == (permission in held.permissions), (roles, lasting)
        assert bool(found.reasons) == found.allowed


def test_two_modules_that_tell_whose_the_same_is_stop_the_boot():
    with pytest.raises(BootRefused, match="both tell whose a kite is"):
        Owners([Module("a", "a", owners={"kite": "x:y"}), Module("b", "b", owners={"kite": "x:y"})])


def test_a_module_that_names_no_such_function_stops_the_boot():
    with pytest.raises(BootRefused, match="and there is no such function"):
        Module("users", "mainspring.modules.users").function("service:nothing")
