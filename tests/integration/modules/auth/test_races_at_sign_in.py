"""What happens while a password is being hashed, which takes as long as a tenth of a second."""

import bcrypt
import pytest

from mainspring.core.security.passwords import Passwords, Verdict
from mainspring.modules.auth.service import CredentialService
from mainspring.modules.users.service import UserService
from mainspring.testing.client import PASSWORD

LOGIN = "/api/v1/auth/login"


class SlowPasswords:
    """Does something to the account once the password was found right."""

    def __init__(self, real, meanwhile):
        self.real, self.meanwhile = real, meanwhile

    async def hash(self, password):
        return await self.real.hash(password)

    async def verify(self, password, stored):
        verdict = await self.real.verify(password, stored)
        await self.meanwhile()
        return verdict


def interrupt(app, meanwhile):
    real = app.application.resolve(Passwords)
    app.application.ports.register(Passwords, lambda: SlowPasswords(real, meanwhile))


async def signed_in(app, user):
    return await app.post(LOGIN, json={"email": user.email, "password": PASSWORD})


async def test_whoever_is_disabled_meanwhile_stays_out(app, ada):
    async def disable():
        async with app.application.unit() as uow:
            await UserService(uow).set_active(ada.id, False)

    interrupt(app, disable)

    assert (await signed_in(app, ada)).status_code == 401


async def test_whoever_is_deleted_meanwhile_stays_out(app, ada, admin):
    async def delete():
        await app.as_(admin).delete(f"/api/v1/users/{ada.id}")

    interrupt(app, delete)

    assert (await signed_in(app, ada)).status_code == 401


async def test_an_old_password_that_is_changed_meanwhile_opens_nothing(app, ada):
    async def change():
        async with app.application.unit() as uow:
            credentials = CredentialService(uow)
            await credentials.confirm(ada.id, await credentials.hash_of(ada.id), "another hash")

    interrupt(app, change)

    assert (await signed_in(app, ada)).status_code == 401


@pytest.mark.parametrize("password", [PASSWORD, "long " * 20])
async def test_a_bcrypt_hash_of_another_system_is_upgraded_at_sign_in(app, ada, password):
    # R-050, D-10
    foreign = bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(4)).decode()
    async with app.application.unit() as uow:
        credentials = CredentialService(uow)
        await credentials.confirm(ada.id, await credentials.hash_of(ada.id), foreign)

    answer = await app.post(LOGIN, json={"email": ada.email, "password": password})

    assert answer.status_code == 200
    async with app.application.reading() as uow:
        stored = await CredentialService(uow).hash_of(ada.id)
    assert stored.startswith("$argon2id$")
    assert await app.application.resolve(Passwords).verify(password, stored) == Verdict(matches=True)
