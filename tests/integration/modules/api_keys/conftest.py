"""Programs for the tests of API keys."""

from typing import Any

import pytest

from mainspring.testing.client import AppClient, SignedIn

KEYS = "/api/v1/api-keys"


class Robots:
    """Makes keys and asks with them."""

    def __init__(self, app: AppClient) -> None:
        self.app = app

    async def key(self, owner: SignedIn, *scopes: str, **wishes: Any) -> dict[str, Any]:
        """A key of the owner, as the API answers it."""
        body = {"name": "Nightly export", "scopes": list(scopes), **wishes}
        answer = await self.app.as_(owner).post(KEYS, json=body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def asks(self, key: str, method: str, path: str, **options: Any) -> Any:
        """A request with a key."""
        headers = {"X-API-Key": key, **options.pop("headers", {})}
        return await self.app.request(method, f"/api/v1{path}", headers=headers, **options)

    async def status(self, key: str, method: str, path: str, **options: Any) -> int:
        """The status of a request with a key."""
        return int((await self.asks(key, method, path, **options)).status_code)

    async def account(self, admin: SignedIn, *roles: str, name: str = "Billing export") -> dict[str, Any]:
        """A service account."""
        answer = await self.app.as_(admin).post("/api/v1/service-accounts", json={"name": name, "roles": list(roles)})
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made


@pytest.fixture
def robots(app: AppClient) -> Robots:
    return Robots(app)
