"""A client of the application in the same process: no socket, the same ASGI program."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import httpx2

from mainspring.core.application import Application
from mainspring.core.http.app import HttpApp
from mainspring.core.jobs.draining import work_until_idle
from mainspring.entrypoints.http import create_app

PASSWORD = "correct horse battery staple"  # noqa: S105
NUMBERS = itertools.count(1)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A user who registered and signed in through the API."""

    id: UUID
    email: str
    password: str
    access_token: str
    refresh_token: str

    @property
    def headers(self) -> dict[str, str]:
        """The header that proves who is asking."""
        return {"Authorization": f"Bearer {self.access_token}"}


class AppClient:
    """`get`, `post`, `put`, `patch`, `delete` answer httpx2 responses; `as_(user)` is the same client, signed in."""

    def __init__(
        self, application: Application, program: HttpApp, http: httpx2.AsyncClient, user: SignedIn | None = None
    ) -> None:
        self.application = application
        self.program = program
        self.http = http
        self.user = user

    @classmethod
    def of(cls, application: Application) -> Self:
        """A client in front of a started application."""
        program = create_app(application)
        transport = httpx2.ASGITransport(app=program, raise_app_exceptions=False, client=("127.0.0.1", 50000))
        return cls(application, program, httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000"))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.http.aclose()
        self.program.api.dependency_overrides.clear()  # the next test's program has the same routes

    def as_(self, user: SignedIn | None) -> "AppClient":
        """The same client with this user's token; None is an anonymous one."""
        return AppClient(self.application, self.program, self.http, user)

    async def request(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """One request; `options` are those of httpx2."""
        headers = {**(self.user.headers if self.user else {}), **(options.pop("headers", None) or {})}
        return await self.http.request(method, path, headers=headers, **options)

    async def get(self, path: str, **options: Any) -> httpx2.Response:
        """GET."""
        return await self.request("GET", path, **options)

    async def post(self, path: str, **options: Any) -> httpx2.Response:
        """POST."""
        return await self.request("POST", path, **options)

    async def put(self, path: str, **options: Any) -> httpx2.Response:
        """PUT."""
        return await self.request("PUT", path, **options)

    async def patch(self, path: str, **options: Any) -> httpx2.Response:
        """PATCH."""
        return await self.request("PATCH", path, **options)

    async def delete(self, path: str, **options: Any) -> httpx2.Response:
        """DELETE."""
        return await self.request("DELETE", path, **options)

    async def work(self) -> int:
        """Run in this process every job that is due, until none is; how many runs that took. Raises what jobs died of.

        Jobs that failed and wait for another attempt stay as they are, and schedules do not tick.
        """
        return await work_until_idle(self.application)

    async def sign_up(self, email: str | None = None, password: str = PASSWORD, name: str = "Ada Lovelace") -> SignedIn:
        """Register a user and sign in. Without an address a new one is made up."""
        email = email or f"user{next(NUMBERS)}@example.com"
        answer = await self.http.post("/api/v1/auth/register", json={"email": email, "password": password, "name": name})
        answer.raise_for_status()
        return await self.sign_in(email, password)

    async def sign_in(self, email: str, password: str = PASSWORD) -> SignedIn:
        """Sign in a user who exists."""
        answer = await self.http.post("/api/v1/auth/login", json={"email": email, "password": password})
        answer.raise_for_status()
        body = answer.json()
        return SignedIn(UUID(body["user"]["id"]), email, password, body["accessToken"], body["refreshToken"])

    async def settle_payments(self) -> int:
        """Let the local bank decide its late cards and tell it; how many webhooks were accepted."""
        from mainspring.adapters.local_bank import LocalGateway

        async def post(path: str, headers: Mapping[str, str], body: bytes) -> int:
            return (await self.http.post(path, headers=dict(headers), content=body)).status_code

        return await self.application.resolve(LocalGateway).send_now(post, after=timedelta(hours=1))

    async def give_role(self, user: SignedIn, role: str) -> None:
        """Give a role, as the command line would."""
        from mainspring.modules.access.service import AssignmentService

        async with self.application.unit() as uow:
            await AssignmentService(uow).assign(None, user.id, role)

    async def grant(self, user: SignedIn, permission: str, lasting: timedelta | None = None) -> None:
        """Give a permission, without end or for a time; a negative time makes a grant that has ended."""
        from mainspring.modules.access.service import GrantService

        async with self.application.unit() as uow:
            await GrantService(uow).grant(None, user.id, permission, lasting=lasting)
