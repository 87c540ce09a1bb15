"""Every route as everybody: access_matrix.md says who gets which status, and this file asks the application.

Routes come from the OpenAPI document and from the program's own table, bodies from the document's schemas. A route that the
table does not know fails, and so does a row without a route.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mainspring.core.http.plan import Plan
from mainspring.testing.client import PASSWORD, AppClient, SignedIn

from .valid_bodies import body_of

TABLE = Path(__file__).with_name("access_matrix.md")
ACTORS = ("anonymous", "stranger", "owner", "granted", "expired", "moderator", "admin")


def rows() -> dict[str, dict[str, str]]:
    """The reviewed table: route to its columns."""
    lines = [
        [cell.strip() for cell in line.strip("| ").split("|")] for line in TABLE.read_text().splitlines() if line.startswith("| ")
    ]
    return {cells[0].strip("`"): dict(zip(lines[0][1:], cells[1:], strict=True)) for cells in lines[1:]}


class Scene:
    """One route's play: the actors, and fresh things for each of them to act on."""

    def __init__(self, app: AppClient, keeper: SignedIn) -> None:
        self.app = app
        self.keeper = keeper

    async def actor(self, part: str, permission: str) -> SignedIn | None:
        """A new user for the part; `permission` is what the rule of the route asks for."""
        if part == "anonymous":
            return None
        user = await self.app.sign_up()
        if part in ("moderator", "admin"):
            await self.app.give_role(user, part)
        elif part in ("granted", "expired") and ":" in permission:
            await self.app.grant(user, permission, lasting=timedelta(hours=1) if part == "granted" else timedelta(hours=-1))
        return user

    async def made(self, path: str, body: dict[str, Any]) -> Any:
        """Make something as the keeper and answer it."""
        answer = await self.app.as_(self.keeper).post(f"/api/v1{path}", json=body)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()


Things = dict[str, str]
Prepare = Callable[[Scene, SignedIn], Awaitable[Things]]


async def a_user(scene: Scene, owner: SignedIn) -> Things:
    return {"id": str(owner.id)}


async def a_deleted_user(scene: Scene, owner: SignedIn) -> Things:
    await scene.app.as_(scene.keeper).delete(f"/api/v1/users/{owner.id}")
    return {"id": str(owner.id)}


async def a_holder_of_a_role(scene: Scene, owner: SignedIn) -> Things:
    role = await a_role(scene, owner)
    await scene.made(f"/users/{owner.id}/roles", {"role": role["name"]})
    return {"id": str(owner.id), **role}


async def a_holder_of_a_grant(scene: Scene, owner: SignedIn) -> Things:
    await scene.made(f"/users/{owner.id}/grants", {"permission": "products:read"})
    return {"id": str(owner.id), "permission": "products:read"}


async def a_role(scene: Scene, owner: SignedIn) -> Things:
    name = f"role-{owner.email.partition('@')[0]}"
    await scene.made("/roles", {"name": name, "description": "Made for a test", "permissions": []})
    return {"name": name}


async def a_product(scene: Scene, owner: SignedIn) -> Things:
    price = {"amount": 100, "currency": "EUR"}
    return {"id": (await scene.made("/products", {"name": "Lamp", "category": "light", "price": price, "stock": 5}))["id"]}


async def a_session(scene: Scene, owner: SignedIn) -> Things:
    sessions = (await scene.app.as_(owner).get("/api/v1/auth/sessions")).json()["data"]
    return {"id": sessions[0]["id"]}


async def a_file_of_the_documentation(scene: Scene, owner: SignedIn) -> Things:
    return {"name": "page.js"}


PREPARATIONS: dict[str, Prepare] = {
    "/docs/assets/{name}": a_file_of_the_documentation,
    "POST /api/v1/users/{id}/restoration": a_deleted_user,
    "/api/v1/users/{id}/roles/": a_holder_of_a_role,
    "/api/v1/users/{id}/grants/": a_holder_of_a_grant,
    "/api/v1/users/{id}": a_user,
    "/api/v1/roles/{name}": a_role,
    "/api/v1/products/{id}": a_product,
    "/api/v1/auth/sessions/{id}": a_session,
}


async def prepared(scene: Scene, route: str, owner: SignedIn) -> Things:
    """What the path names, made for this call."""
    if "{" not in route:
        return {}
    for part, prepare in PREPARATIONS.items():
        if part in route:
            return await prepare(scene, owner)
    raise NotImplementedError(f"say in PREPARATIONS how the path of {route} is filled")


def values_for(route: str, actor: SignedIn) -> dict[str, Any]:
    """What a valid body says about the actor."""
    return {
        "password": PASSWORD,
        "currentPassword": PASSWORD,
        "newPassword": "another correct horse battery",
        "refreshToken": actor.refresh_token,
        "permission": "products:read",
        "permissions": [],
        "role": "guest",
        "roles": ["user"],
    } | ({"name": "Ada Lovelace"} if "/users" in route or "/register" in route else {})


async def ask(scene: Scene, document: dict[str, Any], route: str, part: str, permission: str) -> int:
    """Call the route in one part and answer the status."""
    method, _, path = route.partition(" ")
    actor = await scene.actor(part, permission)
    owner = actor if part == "owner" and actor else await scene.app.sign_up()
    things = await prepared(scene, route, owner)
    caller = actor or owner
    operation = document["paths"].get(path, {}).get(method.lower(), {})
    body = body_of(document, operation, values_for(route, caller))
    if route.endswith("/auth/login"):
        body = {"email": caller.email, "password": PASSWORD}
    client = scene.app.as_(actor)
    options = {} if body is None else {"json": body}
    return (await client.request(method, path.format(**things), **options)).status_code


def routes_of(app: AppClient) -> dict[str, str]:
    """Every route of the program with its rule in words."""
    return {f"{method} {path}": rule_of(plan) for method, path, plan in app.program.plans}


def rule_of(plan: Plan) -> str:
    return " and ".join(guard.rule() for guard in plan.guards) or "public"


@pytest.mark.parametrize("route", rows())
async def test_everybody_gets_what_the_matrix_says(app, route):
    expected = rows()[route]
    rule = routes_of(app)[route]
    assert expected["rule"] == rule
    keeper = await app.sign_up()
    await app.give_role(keeper, "admin")
    scene, document = Scene(app, keeper), app.program.api.openapi()
    needed = expected["permission"]

    seen = {part: str(await ask(scene, document, route, part, needed)) for part in ACTORS}

    assert seen == {part: expected[part] for part in ACTORS}
    assert any(status.startswith(("2", "3")) for status in seen.values()), "nobody may, so the body may be wrong"


async def test_the_matrix_names_every_route_and_no_other(app):
    documented = {
        f"{method.upper()} {path}" for path, operations in app.program.api.openapi()["paths"].items() for method in operations
    }

    assert set(rows()) == set(routes_of(app))
    assert documented <= set(rows())


def test_a_route_without_a_row_fails_the_matrix():
    assert "GET /api/v1/never-reviewed" not in rows()
