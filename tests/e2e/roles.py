"""Accounts of each role on a running server, for programs that ask as somebody."""

from dataclasses import dataclass
from uuid import UUID

import httpx2

from mainspring.core.application import create_application
from mainspring.core.settings import Settings
from mainspring.modules.access.service import AssignmentService

from .conftest import PASSWORD

SPARE = 4  # an administrator may delete himself; then the next one goes on


@dataclass(frozen=True, slots=True)
class Roles:
    """The accounts of each role, for signing in."""

    accounts: dict[str, list[dict[str, str]]]

    async def token(self, url: str, role: str) -> str | None:
        """An access token of the role; None for somebody who is nobody."""
        if not self.accounts[role]:
            return None
        async with httpx2.AsyncClient(base_url=url, timeout=30) as client:
            answer = await client.post("/api/v1/auth/login", json=self.accounts[role][0])
            return str(answer.raise_for_status().json()["accessToken"])


async def accounts_of_each_role(url: str, settings: Settings) -> Roles:
    """Register users and administrators at a running server."""
    accounts: dict[str, list[dict[str, str]]] = {"anonymous": [], "user": [], "admin": []}
    ids: list[str] = []
    async with httpx2.AsyncClient(base_url=url, timeout=30) as client:
        for role in ("user", "admin"):
            for number in range(SPARE):
                who = {"email": f"{role}-{number}@example.org", "password": PASSWORD}
                answer = await client.post("/api/v1/auth/register", json=who | {"name": "Some Body"})
                accounts[role].append(who)
                if role == "admin":
                    ids.append(answer.raise_for_status().json()["id"])
    application = create_application(settings)
    await application.start()
    async with application.unit() as uow:
        for id in ids:
            await AssignmentService(uow).assign(None, UUID(id), "admin")
    await application.stop()
    return Roles(accounts)
