"""Every way in which a session ends, done to one of Ada's: `WAYS` names them."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from mainspring.core import clock
from mainspring.core.database import Statement, bind
from mainspring.core.security.principal import Principal
from mainspring.modules.auth.errors import RefreshTokenReused
from mainspring.modules.auth.models import RefreshToken, Session
from mainspring.modules.auth.rows import PresentedRefresh
from mainspring.modules.auth.service import FactorService, RotationService, SessionService
from mainspring.modules.users.service import UserService
from mainspring.testing.client import PASSWORD, AppClient, SignedIn

from .authenticator_app import MFA, asked, with_totp
from .mailbox import Mailbox

AUTH = "/api/v1/auth"
ME = "/api/v1/users/me"
ELSEWHERE = UUID(int=4711)
BEGUN_ELSEWHERE: Statement[None] = Statement(update(Session).values(origin_id=bind("origin_id", Session.origin_id)))
USED_LONG_AGO: Statement[None] = Statement(update(RefreshToken).values(used_at=bind("at", RefreshToken.used_at), successor=None))

Way = Callable[[AppClient, SignedIn, SignedIn, UUID], Awaitable[None]]
WAYS: dict[str, Way] = {}


def way(deed: Way) -> Way:
    WAYS[deed.__name__] = deed
    return deed


@way
async def logout(app, ada, admin, session_id):
    await app.as_(ada).post(f"{AUTH}/logout")


@way
async def logout_all(app, ada, admin, session_id):
    await app.as_(ada).post(f"{AUTH}/logout-all")


@way
async def ended_by_the_owner(app, ada, admin, session_id):
    other = await app.sign_in(ada.email)
    await app.as_(other).delete(f"{AUTH}/sessions/{session_id}")


@way
async def ended_by_an_administrator(app, ada, admin, session_id):
    await app.as_(admin).delete(f"/api/v1/users/{ada.id}/sessions")


@way
async def new_password(app, ada, admin, session_id):
    other = await app.sign_in(ada.email)
    wish = {"currentPassword": PASSWORD, "newPassword": "a quite different sentence"}
    assert (await app.as_(other).post(f"{AUTH}/change-password", json=wish)).status_code == 204


@way
async def second_factor_switched_on(app, ada, admin, session_id):
    await with_totp(app, await app.sign_in(ada.email))


@way
async def second_factor_reset(app, ada, admin, session_id):
    await with_totp(app, ada)
    async with app.application.unit() as uow:
        caller = Principal(admin.id, admin.email, frozenset({"admin"}), frozenset(), ELSEWHERE, "", clock.now())
        await FactorService(uow).reset(caller, ada.id)


@way
async def disabled(app, ada, admin, session_id):
    async with app.application.unit() as uow:
        await UserService(uow).set_active(ada.id, False)


@way
async def deletion_wished(app, ada, admin, session_id):
    assert (await app.as_(ada).request("DELETE", ME, json={"currentPassword": PASSWORD})).status_code == 202


@way
async def erased(app, ada, admin, session_id):
    async with app.application.unit() as uow:
        await UserService(uow).erase(ada.id)


@way
async def replaced(app, ada, admin, session_id):
    async with app.application.unit() as uow:
        await SessionService(uow).let_go(ada.id, session_id, "replaced")


@way
async def several(app, ada, admin, session_id):
    async with app.application.unit() as uow:
        assert await SessionService(uow).end_several([session_id], "consent_withdrawn") == 1


@way
async def ended_where_it_began(app, ada, admin, session_id):
    async with app.application.unit() as uow:
        await uow.run(BEGUN_ELSEWHERE, origin_id=ELSEWHERE)
    async with app.application.unit() as uow:
        assert await SessionService(uow).end_of_origins(ada.id, [ELSEWHERE], "signed_out_there") == 1


@way
async def refresh_token_used_twice(app, ada, admin, session_id):
    async with app.application.unit() as uow:
        await uow.run(USED_LONG_AGO, at=clock.now() - timedelta(minutes=5))
    async with app.application.reading() as uow:
        row = await RotationService(uow).known(PresentedRefresh(ada.refresh_token, "bearer", lambda id: None))
        successor = RotationService(uow).successor(ada.refresh_token, row)
    with pytest.raises(RefreshTokenReused):
        async with app.application.unit() as uow:
            await RotationService(uow).rotate(ada.refresh_token, row, successor)


@way
async def address_changed(app, ada, admin, session_id):
    other = await app.sign_in(ada.email)
    wish = {"newEmail": "ada@example.org", "currentPassword": PASSWORD}
    assert (await app.as_(other).post(f"{AUTH}/change-email", json=wish)).status_code == 202
    token = await Mailbox(app, "ada@example.org").secret("change-email")
    assert (await app.post(f"{AUTH}/change-email/confirm", json={"token": token})).json() == {"changed": True}


@way
async def password_reset_by_mail(app, ada, admin, session_id):
    assert (await app.post(f"{AUTH}/forgot-password", json={"email": ada.email})).status_code == 202
    token = await Mailbox(app, ada.email).secret("reset-password")
    wish = {"token": token, "newPassword": "a quite different sentence"}
    assert (await app.post(f"{AUTH}/reset-password", json=wish)).status_code == 204


@way
async def claimed_by_a_mailed_link(app, ada, admin, session_id):
    assert (await app.post(f"{AUTH}/magic-link", json={"email": ada.email})).status_code == 202
    token = await Mailbox(app, ada.email).secret("magic-link")
    assert (await app.post(f"{AUTH}/magic-link/verify", json={"token": token})).status_code == 200


@way
async def second_factor_switched_off(app, ada, admin, session_id):
    authenticator = await with_totp(app, ada)
    proof = {"mfaToken": await asked(app, ada), "code": authenticator.fresh_code()}
    other = {"Authorization": f"Bearer {(await app.post(f'{MFA}/verify', json=proof)).json()['accessToken']}"}
    assert (await app.request("DELETE", f"{MFA}/totp", json={"currentPassword": PASSWORD}, headers=other)).status_code == 204
