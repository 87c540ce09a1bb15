"""From method and path to a route (R-127, R-133)."""

from typing import Any

import pytest

from mainspring.core.http import Router
from mainspring.core.http.dispatch import Dispatch
from mainspring.core.module import BootRefused
from mainspring.core.security.guard import public

Make = Any


def routes() -> Router:
    router = Router(prefix="/users", dependencies=[public])

    @router.get("/{id}")
    async def by_id(id: str) -> str:
        return f"id {id}"

    @router.delete("/{id}")
    async def remove(id: str) -> str:
        return f"removed {id}"

    @router.get("/me")
    async def me() -> str:
        return "me"

    @router.get("/{id}/roles/{role}")
    async def role(id: str, role: str) -> str:
        return f"{id} {role}"

    @router.get("/me/roles/{role}")
    async def my_role(role: str) -> str:
        return f"my {role}"

    @router.get("/{id}/files/{path:path}")
    async def file(id: str, path: str) -> str:
        return f"{id} {path}"

    return router


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/users/me", "me"),
        ("/users/7", "id 7"),
        ("/users/7/roles/x", "7 x"),
        ("/users/me/roles/x", "my x"),
        ("/users/7/files/a/b/c.txt", "7 a/b/c.txt"),
        ("/users/%C3%A9", "id é"),
    ],
)
async def test_a_path_finds_its_route(client: Make, path: str, answer: str) -> None:
    assert (await client(routes()).get("/api/v1" + path)).json() == answer


async def test_a_fixed_path_never_means_a_parameter(client: Make) -> None:
    assert (await client(routes()).delete("/api/v1/users/me")).status_code == 405
    assert (await client(routes()).delete("/api/v1/users/you")).json() == "removed you"


async def test_another_method_may_be_found_behind_a_fixed_path_where_a_route_takes_the_rest(client: Make) -> None:
    router = routes()

    @router.delete("/{rest:path}")
    async def sweep(rest: str) -> str:
        return f"swept {rest}"

    assert (await client(router).delete("/api/v1/users/me")).json() == "swept me"
    assert (await client(router).options("/api/v1/users/me")).headers["allow"] == "DELETE, GET, HEAD, OPTIONS"


@pytest.mark.parametrize(
    "path",
    ["/api/v1/users", "/api/v1/users/", "/api/v1/users/me/", "/api/v1//users/me", "/api/v1/users/7/roles", "/users/me", "/"],
)
async def test_a_path_that_is_not_there_is_not_found_and_never_redirected(client: Make, path: str) -> None:
    answer = await client(routes()).get(path)

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/users/7", "DELETE, GET, HEAD, OPTIONS"),
        ("/users/me", "GET, HEAD, OPTIONS"),
        ("/users/7/roles/x", "GET, HEAD, OPTIONS"),
    ],
)
async def test_405_and_options_name_every_method(client: Make, path: str, allowed: str) -> None:
    asked = client(routes())

    refused = await asked.post("/api/v1" + path)
    options = await asked.options("/api/v1" + path)

    assert (refused.status_code, refused.headers["allow"]) == (405, allowed)
    assert (options.status_code, options.headers["allow"]) == (204, allowed)


@pytest.mark.parametrize("path", ["/users/7", "/users/me"])
async def test_head_is_get_without_the_body(client: Make, path: str) -> None:
    asked = client(routes())

    get, head = await asked.get("/api/v1" + path), await asked.head("/api/v1" + path)

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == get.headers["content-length"]


async def test_a_path_of_forbidden_bytes_is_refused(client: Make) -> None:
    assert (await client(routes()).get("/api/v1/users/a%00b")).status_code == 400


async def nothing(scope: Any, receive: Any, send: Any) -> None: ...


def test_two_routes_for_one_thing_stop_the_boot() -> None:
    table = Dispatch()
    table.add("GET", "/a/{id}", nothing)

    with pytest.raises(BootRefused, match=r"Two routes answer GET /a/\{id\}"):
        table.add("GET", "/a/{id}", nothing)
    with pytest.raises(BootRefused, match="differently"):
        table.add("PUT", "/a/{name}", nothing)


def test_one_path_may_have_a_route_for_each_method() -> None:
    table = Dispatch()

    table.add("GET", "/a", nothing)
    table.add("PUT", "/a", nothing)
