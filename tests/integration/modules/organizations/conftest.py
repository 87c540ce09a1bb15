"""Organizations and invitations for their tests."""

import re
from typing import Any

import pytest

from mainspring.core.mail.folder import MailFolder
from mainspring.modules.users.service import UserService
from mainspring.testing.client import AppClient, SignedIn

API = "/api/v1/organizations"


class Society:
    """Makes organizations, fills them, and reads what is mailed."""

    def __init__(self, app: AppClient) -> None:
        self.app = app

    async def make(self, founder: SignedIn, **wishes: Any) -> str:
        """A new organization; its id."""
        answer = await self.app.as_(founder).post(API, json={"name": "Analytical Engines", **wishes})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def invite(self, inviter: SignedIn, id: str, email: str, role: str = "member") -> Any:
        """The answer to an invitation."""
        return await self.app.as_(inviter).post(f"{API}/{id}/invitations", json={"email": email, "role": role})

    async def token(self, email: str) -> str:
        """The token in the newest mail to an address."""
        await self.app.work()
        for mail in await self.app.application.resolve(MailFolder).newest(50):
            if mail.to == email and (found := re.search(r"/invitations#token=([0-9a-f]{64})", mail.text)):
                return found[1]
        raise AssertionError(f"no invitation was mailed to {email}")

    async def prove(self, user: SignedIn) -> None:
        """Let somebody have proved his address."""
        async with self.app.application.unit() as uow:
            await UserService(uow).verify_email(user.id, user.email)

    async def accept(self, user: SignedIn, token: str, *, proved: bool = True) -> Any:
        """The answer to an acceptance, by somebody who proved his address."""
        if proved:
            await self.prove(user)
        return await self.app.as_(user).post(f"{API}/invitations/acceptance", json={"token": token})

    async def join(self, inviter: SignedIn, id: str, user: SignedIn, role: str = "member") -> None:
        """Invite somebody who accepts."""
        assert (await self.invite(inviter, id, user.email, role)).status_code == 202
        assert (await self.accept(user, await self.token(user.email))).status_code == 200

    async def erase(self, user: SignedIn) -> None:
        """Erase an account, as its owner wished, and let everybody hear of it."""
        async with self.app.application.unit() as uow:
            await UserService(uow).erase(user.id)
        await self.app.work()

    async def roles(self, viewer: SignedIn, id: str) -> dict[str, str]:
        """Who is what, by user id."""
        answer = await self.app.as_(viewer).get(f"{API}/{id}/members")
        return {one["userId"]: one["role"] for one in answer.json()["data"]}


@pytest.fixture
def society(app: AppClient) -> Society:
    return Society(app)


@pytest.fixture
async def carol(app: AppClient) -> SignedIn:
    return await app.sign_up("carol@example.com", name="Carol Shaw")
