"""The table of principals and operations tells what the guards say."""

from collections.abc import Callable
from typing import Annotated, Any

import pytest
from fastapi import Depends

from mainspring.core.http import Router
from mainspring.core.http.app import HttpApp
from mainspring.core.security import access_table
from mainspring.core.security.guard import (
    CurrentPerson,
    CurrentUser,
    Guard,
    Visitor,
    own_or,
    public,
    require,
    require_role,
)
from mainspring.core.security.permission import PERMISSIONS, Permission
from mainspring.core.security.principal import Principal
from tests.unit.core.http.conftest import programs  # noqa: F401 - a fixture


@pytest.fixture
def kites(monkeypatch: pytest.MonkeyPatch) -> tuple[Permission, Permission]:
    monkeypatch.setattr("mainspring.core.security.permission.PERMISSIONS", PERMISSIONS.copy())
    monkeypatch.setattr(access_table, "PERMISSIONS", known := PERMISSIONS.copy())
    fly, lend = "kites:fly", "kites:lend"
    made = []
    for name, roles in ((fly, ("user", "moderator")), (lend, ("moderator",))):
        permission: Any = str.__new__(Permission, name)
        permission.description, permission.roles, permission.declared_in = f"May {name}", roles, "kites"
        known[name] = permission
        made.append(permission)
    return made[0], made[1]


class FullMoon(Guard):
    """A rule of somebody else's."""

    def admit(self, exchange: Any, principal: Principal | None) -> None: ...

    def rule(self) -> str:
        return "full moon"


@pytest.fixture
def rows(programs: Callable[..., HttpApp], kites: tuple[Permission, Permission]) -> dict[str, list[str]]:  # noqa: F811
    fly, lend = kites
    router = Router()

    @router.get("/open", dependencies=[public])
    async def opened() -> int:
        return 1

    @router.get("/visitor")
    async def visitor(who: Visitor) -> int:
        return 1

    @router.get("/mine")
    async def mine(who: CurrentUser) -> int:
        return 1

    @router.delete("/mine", status_code=204)
    async def end(who: CurrentUser) -> None: ...

    @router.get("/people")
    async def people(who: CurrentPerson) -> int:
        return 1

    @router.get("/kites")
    async def some(who: Annotated[Principal, own_or(lend)]) -> int:
        return 1

    @router.get("/flying", dependencies=[require(fly)])
    async def flying() -> int:
        return 1

    @router.get("/lending", dependencies=[require(lend, people_only=True)])
    async def lending() -> int:
        return 1

    @router.get("/both")
    async def both(who: CurrentUser, other: Annotated[Principal, require(lend)]) -> int:
        return 1

    @router.get("/tower", dependencies=[require_role("moderator")])
    async def tower() -> int:
        return 1

    @router.get("/moon", dependencies=[Depends(FullMoon())])
    async def moon() -> int:
        return 1

    text = access_table.table(programs(router, DOCS_ENABLED="off").plans)
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| `")]
    return {cells[0].strip("`").replace("/api/v1", ""): cells[1:] for cells in lines}


# rule, anonymous, guest, user, moderator, admin, key without scopes, a key needs
EXPECTED = {
    "GET /open": "public yes yes yes yes yes yes nothing",
    "GET /visitor": "anyone yes yes yes yes yes yes nothing",
    "GET /mine": "signed_in - own own own own - own:read",
    "DELETE /mine": "signed_in - own own own own - own:write",
    "GET /people": "signed_in,_people_only - own own own own - never",
    "GET /kites": "signed_in - own own yes yes - own:read_or_kites:lend",
    "GET /flying": "kites:fly - - yes yes yes - kites:fly",
    "GET /lending": "kites:lend,_people_only - - - yes yes - never",
    "GET /both": "signed_in_and_kites:lend - - - own own - own:read_and_kites:lend",
    "GET /tower": "role_moderator - - - yes yes - never",
    "GET /moon": "full_moon - ? ? ? ? ? nothing",
}


def test_each_guard_has_its_row(rows: dict[str, list[str]]) -> None:
    seen = {operation: " ".join(cell.replace(" ", "_") for cell in rows[operation]) for operation in EXPECTED}

    assert seen == EXPECTED


def test_each_permission_has_its_roles(rows: dict[str, list[str]]) -> None:
    assert rows["kites:fly"] == ["May kites:fly", "admin, moderator, user"]
    assert rows["own:write"][1] == "admin, moderator, user"
