"""Who may come in: declared at the route, checked before anything else, refused at the boot when it is missing (R-025, R-329)."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest
from fastapi import Depends

from mainspring.core.http import ReadUnit, Router, WriteUnit
from mainspring.core.http.app import HttpApp
from mainspring.core.module import BootRefused
from mainspring.core.security.guard import (
    CurrentUser,
    RecentlyAuthenticated,
    Visitor,
    public,
    recently_signed_in,
    require,
    require_role,
    signed_in,
)
from tests.integration.http.widgets import ADA, NewWidget, permission

Make = Any
READ, WRITE = permission("things:read", "Read"), permission("things:write", "Write")


def bearer(permissions: str) -> dict[str, str]:
    return {"Authorization": f"Bearer ada:{permissions}"}


def routes() -> Router:
    router = Router(prefix="/things", dependencies=[require(READ)])

    @router.get("/inherited")
    async def inherited() -> int:
        return 1

    @router.get("/replaced", dependencies=[require(WRITE)])
    async def replaced() -> int:
        return 1

    @router.get("/in-signature")
    async def in_signature(caller: CurrentUser) -> str:
        return caller.email

    @router.get("/open", dependencies=[public])
    async def opened() -> int:
        return 1

    @router.get("/any-of", dependencies=[require(READ, WRITE)])
    async def any_of() -> int:
        return 1

    @router.get("/role", dependencies=[require_role("admin", "moderator")])
    async def role() -> int:
        return 1

    @router.get("/visitor")
    async def visitor(who: Visitor) -> str:
        return who.email if who else "nobody"

    @router.get("/delicate")
    async def delicate(caller: RecentlyAuthenticated) -> str:
        return caller.email

    @router.get("/delicate-and-permitted", dependencies=[require(WRITE), recently_signed_in])
    async def delicate_and_permitted() -> int:
        return 1

    @router.get("/delicate-and-foreign", dependencies=[recently_signed_in])
    async def delicate_and_foreign(there: Annotated[int, Depends(lambda: 1)]) -> int:
        return there

    @router.post("/body")
    async def body(body: NewWidget) -> int:
        return 1

    return router


@pytest.mark.parametrize(
    ("path", "held", "status"),
    [
        ("inherited", "things:read", 200),
        ("inherited", "things:write", 403),
        ("replaced", "things:read", 403),
        ("replaced", "things:write", 200),
        ("in-signature", "other:thing", 200),
        ("any-of", "things:write", 200),
        ("any-of", "other:thing", 403),
        ("role", "things:read", 403),
    ],
)
async def test_the_rule_nearest_to_the_route_holds(client: Make, path: str, held: str, status: int) -> None:
    assert (await client(routes()).get(f"/api/v1/things/{path}", headers=bearer(held))).status_code == status


@pytest.mark.parametrize(
    ("path", "who", "status"),
    [
        ("delicate", "ada", 403),
        ("delicate", "recent", 200),
        ("delicate-and-permitted", "recent", 403),
        ("delicate-and-permitted", "recent:things:write", 200),
        ("delicate-and-permitted", "ada:things:write", 403),
        ("delicate-and-foreign", "ada", 403),
        ("delicate-and-foreign", "recent", 200),
    ],
)
async def test_delicate_things_need_a_recent_proof(client: Make, path: str, who: str, status: int) -> None:  # ASVS 7.5.1
    answer = await client(routes()).get(f"/api/v1/things/{path}", headers={"Authorization": f"Bearer {who}"})

    assert answer.status_code == status
    if who == "ada":
        assert answer.json()["error"]["code"] == "auth.step_up_required"


@pytest.mark.parametrize("path", ["inherited", "replaced", "in-signature", "any-of", "role"])
async def test_the_anonymous_are_asked_to_sign_in(client: Make, path: str) -> None:  # D-18
    answer = await client(routes()).get(f"/api/v1/things/{path}")

    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.json()["error"]["details"] == {"reason": "token_missing"}


async def test_a_credential_that_is_not_accepted_says_why(client: Make) -> None:
    answer = await client(routes()).get("/api/v1/things/inherited", headers={"Authorization": "Bearer wrong"})

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token", error_description="token_invalid"'


async def test_a_refusal_names_what_is_missing(client: Make) -> None:  # D-19, R-330
    asked = client(routes())

    permission = (await asked.get("/api/v1/things/replaced", headers=bearer("things:read"))).json()["error"]
    role = (await asked.get("/api/v1/things/role", headers=ADA)).json()["error"]

    assert permission["details"] == {"required": ["things:write"]}
    assert role["message"] == "This endpoint requires one of roles: admin, moderator"
    assert role["details"] == {"required": ["admin", "moderator"]}


async def test_a_public_route_does_not_look_at_credentials(client: Make) -> None:
    assert (await client(routes()).get("/api/v1/things/open", headers={"Authorization": "Bearer wrong"})).status_code == 200


async def test_a_visitor_may_be_somebody_or_nobody_but_not_a_liar(client: Make) -> None:
    asked = client(routes())

    answers = [
        await asked.get("/api/v1/things/visitor", headers=headers) for headers in ({}, ADA, {"Authorization": "Bearer wrong"})
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 401]
    assert [answer.json() for answer in answers[:2]] == ["nobody", "ada@example.com"]


async def test_the_guard_stands_before_the_body(client: Make) -> None:  # ARCHITECTURE 10 d
    read = []

    async def body() -> Any:
        read.append(1)
        yield b"x" * 100

    answer = await client(routes()).post("/api/v1/things/body", content=body(), headers={"Content-Type": "application/json"})

    assert answer.status_code == 401


async def test_a_guard_inside_a_foreign_dependency_stands_before_the_body_too(client: Make) -> None:
    async def foreign(caller: CurrentUser) -> str:
        return caller.email

    router = Router()

    @router.post("/things")
    async def things(body: NewWidget, who: Annotated[str, Depends(foreign)]) -> str:
        return who

    asked = client(router)

    assert (await asked.post("/api/v1/things", content=b"not json")).status_code == 401
    assert (await asked.post("/api/v1/things", json={"name": "a"}, headers=ADA)).json() == "ada@example.com"


@pytest.mark.parametrize("rule", [public, require(READ)])
async def test_a_guard_below_a_foreign_dependency_is_never_passed_over(client: Make, rule: Any) -> None:
    async def foreign(caller: CurrentUser, holder: Annotated[Any, require(WRITE)]) -> None:
        """Needs more than the route itself asks for."""

    router = Router(dependencies=[signed_in])

    @router.get("/x", dependencies=[rule, Depends(foreign)])
    async def one() -> int:
        return 1

    @router.get("/y", dependencies=[rule, Depends(foreign)])
    async def several() -> AsyncIterator[int]:
        yield 1

    asked = client(router)

    for path in ("/api/v1/x", "/api/v1/y"):
        assert (await asked.get(path)).status_code == 401
        assert (await asked.get(path, headers=bearer("things:read"))).status_code == 403
        assert (await asked.get(path, headers=bearer("things:read+things:write"))).status_code == 200


def only(route: Any, **options: Any) -> Router:
    router = Router(**options)
    router.add_api_route("/x", route, methods=["GET"])
    return router


class TestTheBootRefuses:
    """ARCHITECTURE 2."""

    def test_a_route_without_a_rule(self, programs: Make) -> None:
        async def bare() -> int:
            return 1

        with pytest.raises(BootRefused, match="GET /api/v1/x says neither who may come in nor that it is public"):
            programs(only(bare))

    def test_an_application_without_routes(self, programs: Make) -> None:
        with pytest.raises(BootRefused, match="saw no routes"):
            programs(Router())

    def test_a_route_without_an_answer_type(self, programs: Make) -> None:
        async def untyped():  # type: ignore[no-untyped-def]
            return 1

        async def vague() -> Any:
            return 1

        async def loose() -> dict[str, Any]:
            return {}

        for route in (untyped, vague, loose):
            with pytest.raises(BootRefused, match=r"return type|name a model"):
                programs(only(route, dependencies=[public]))

    def test_a_get_that_wants_to_write(self, programs: Make) -> None:
        async def writes(uow: WriteUnit) -> int:
            return 1

        with pytest.raises(BootRefused, match="takes a ReadUnit"):
            programs(only(writes, dependencies=[public]))

    def test_a_route_that_blocks_the_loop(self, programs: Make) -> None:
        def blocks() -> int:
            return 1

        with pytest.raises(BootRefused, match="async def"):
            programs(only(blocks, dependencies=[public]))

    def test_the_same_route_twice(self, programs: Make) -> None:
        async def one(uow: ReadUnit) -> int:
            return 1

        with pytest.raises(BootRefused, match="Two routes answer GET /api/v1/x"):
            programs(only(one, dependencies=[public]), only(one, dependencies=[public]))


def test_the_rule_in_force_can_be_printed(programs: Make) -> None:
    program: HttpApp = programs(routes())

    rules = {path.rpartition("/")[2]: plan.rule for _, path, plan in program.plans}

    assert rules["inherited"] == "things:read"
    assert rules["any-of"] == "things:read or things:write"
    assert rules["role"] == "role admin or moderator"
    assert rules["in-signature"] == "signed in"
    assert (rules["open"], rules["visitor"]) == ("public", "anyone")


def test_guards_need_something_to_ask_for() -> None:
    for make in (require, require_role):
        with pytest.raises(ValueError, match="at least one"):
            make()
