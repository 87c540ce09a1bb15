"""The names of the field: `get_current_user`, `require_role`, `require_permission`, `get_db` (R-327)."""

from typing import Annotated, Any

from fastapi import Depends

from mainspring.core.database import UnitOfWork
from mainspring.core.http import Router
from mainspring.core.security.principal import Principal
from mainspring.fastapi import get_current_user, get_db, require_permission, require_role
from tests.integration.http.widgets import ADA, ALL, MAKE, NewWidget, WidgetOut

Serve = Any


def routes() -> Router:
    router = Router(prefix="/known")

    @router.get("/me")
    async def me(user: Annotated[Principal, Depends(get_current_user)]) -> str:
        return user.email

    @router.get("/role", dependencies=[Depends(require_role("admin", "moderator"))])
    async def role() -> str:
        return "in"

    @router.post("/widgets", status_code=201)
    async def make(
        body: NewWidget,
        uow: Annotated[UnitOfWork, Depends(get_db)],
        maker: Annotated[Principal, Depends(require_permission("widgets:none", "widgets:make"))],
    ) -> WidgetOut:
        row = await uow.one(MAKE, name=body.name, size=body.size)
        assert row is not None
        if body.size > 100:
            raise RuntimeError("a bug")
        return WidgetOut.of(row)

    @router.get("/widgets", dependencies=[Depends(get_current_user)])
    async def every(uow: Annotated[UnitOfWork, Depends(get_db)]) -> list[WidgetOut]:
        assert not uow.writes
        return WidgetOut.list_of(await uow.all(ALL))

    return router


async def test_the_known_names_guard_and_commit(web: Serve) -> None:
    client = web(routes())

    assert (await client.get("/api/v1/known/me")).status_code == 401
    assert (await client.get("/api/v1/known/me", headers=ADA)).json() == "ada@example.com"
    assert (await client.get("/api/v1/known/role", headers=ADA)).status_code == 403
    assert (await client.post("/api/v1/known/widgets", headers=ADA, json={"name": "a"})).status_code == 201
    assert (await client.post("/api/v1/known/widgets", headers=ADA, json={"name": "b", "size": 500})).status_code == 500
    assert [widget["name"] for widget in (await client.get("/api/v1/known/widgets", headers=ADA)).json()] == ["a"]
