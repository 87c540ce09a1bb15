"""Sessions that were there before second factors go on."""

from sqlalchemy import select

from mainspring.core.database import Statement
from mainspring.core.database.migrate import Migrations
from mainspring.modules.auth.models import Session

HOW = Statement(select(Session.method), str)
WHEN = Statement(select(Session.id).where(Session.authenticated_at == Session.created_at), object)


async def test_older_sessions_were_opened_with_a_password_when_they_began(app, ada):
    migrations = Migrations(app.application)
    await migrations.down("auth", steps=1)

    await migrations.up()

    async with app.application.reading() as uow:
        assert await uow.all(HOW) == ["password"]
        assert len(await uow.all(WHEN)) == 1
    assert (await app.as_(ada).get("/api/v1/users/me")).status_code == 200
    assert (await app.post("/api/v1/auth/refresh", json={"refreshToken": ada.refresh_token})).status_code == 200
