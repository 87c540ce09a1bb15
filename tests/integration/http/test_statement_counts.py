"""No list asks more often because it is longer (R-227)."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from mainspring.core import clock, ids
from mainspring.core.jobs.upkeep import prune_jobs
from mainspring.core.money import Money
from mainspring.core.observability.logs import captured_logs
from mainspring.core.security.permission import PERMISSIONS
from mainspring.modules.notifications.service import NotificationService
from mainspring.modules.oauth.service import ConsentService
from mainspring.modules.orders.events import PAID
from mainspring.modules.organizations.repository import MemberRepository
from mainspring.modules.payments.service import Charging
from mainspring.modules.social.rows import Identity
from mainspring.modules.social.service import LinkService
from mainspring.testing.client import AppClient, SignedIn

from ..modules.auth.software_authenticator import with_passkey

API = "/api/v1"
FEW, MORE, TIMES = 2, 5, 3


@pytest.fixture
def environment() -> dict[str, str]:
    return {"LOG_SQL": "true"}


class Scene:
    """Somebody who may see every list, and what the lists are about."""

    def __init__(self, app: AppClient, admin: SignedIn) -> None:
        self.app, self.admin, self.client = app, admin, app.as_(admin)

    async def made(self, path: str, **body: Any) -> str:
        answer = await self.client.post(API + path, json=body)
        assert answer.status_code in (200, 201), answer.text
        return str(answer.json()["id"])

    async def product(self) -> str:
        return await self.made("/products", name="Lamp", category="light", price={"amount": 100, "currency": "EUR"}, stock=1000)


Add = Callable[[int], Awaitable[Any]]


async def users(scene: Scene) -> Add:
    return lambda number: scene.app.sign_up()


async def roles(scene: Scene) -> Add:
    async def add(number: int) -> None:
        body = {"name": f"clerk-{number}", "description": "Counts", "permissions": ["products:read"]}
        (await scene.client.post(f"{API}/roles", json=body)).raise_for_status()

    return add


async def sessions(scene: Scene) -> Add:
    return lambda number: scene.app.sign_in(scene.admin.email)


async def api_keys(scene: Scene) -> Add:
    return lambda number: scene.made("/api-keys", name=f"Robot {number}")


async def service_accounts(scene: Scene) -> Add:
    return lambda number: scene.made("/service-accounts", name=f"Robot {number}", roles=["user"])


async def organizations(scene: Scene) -> Add:
    return lambda number: scene.made("/organizations", name=f"Engines {number}")


async def members(scene: Scene) -> tuple[str, Add]:
    id = await scene.made("/organizations", name="Engines")

    async def add(number: int) -> None:
        user = await scene.app.sign_up()
        async with scene.app.application.unit() as uow:
            await MemberRepository(uow).add(UUID(id), user.id, "member", clock.now())

    return id, add


async def invitations(scene: Scene) -> tuple[str, Add]:
    id = await scene.made("/organizations", name="Engines")

    async def add(number: int) -> None:
        body = {"email": f"invited{number}@example.com"}
        (await scene.client.post(f"{API}/organizations/{id}/invitations", json=body)).raise_for_status()

    return id, add


async def oauth_clients(scene: Scene) -> Add:
    return lambda number: an_oauth_client(scene, number)


async def an_oauth_client(scene: Scene, number: int) -> str:
    wish = {"kind": "public", "redirectUris": ["https://app.example.com/callback"], "grants": ["authorization_code"]}
    return await scene.made("/oauth-clients", name=f"Shop {number}", scopes=["openid"], **wish)


async def oauth_consents(scene: Scene) -> Add:
    async def add(number: int) -> None:
        client_id = UUID(await an_oauth_client(scene, number))
        async with scene.app.application.unit() as uow:
            await ConsentService(uow).give(scene.admin.id, client_id, ["openid"])

    return add


async def social_links(scene: Scene) -> Add:
    async def add(number: int) -> None:
        identity = Identity("acme", "Acme", "https://id.example.com", f"ada-{number}", scene.admin.email, True, None)
        async with scene.app.application.unit() as uow:
            await LinkService(uow).add(scene.admin.id, identity)

    return add


async def products(scene: Scene) -> Add:
    return lambda number: scene.product()


async def credits(scene: Scene) -> Add:
    return lambda number: scene.made("/credits/deposits", toUserId=str(scene.admin.id), amount=1)


async def orders(scene: Scene) -> Add:
    items = [{"productId": await scene.product(), "quantity": 1}, {"productId": await scene.product(), "quantity": 2}]
    return lambda number: scene.made("/orders", items=items)


async def payments(scene: Scene) -> Add:
    charging = Charging(scene.app.application)
    return lambda number: charging.charge(ids.new(), str(ids.new()), Money(100, "EUR"), "card_ok", scene.admin.id)


async def jobs(scene: Scene) -> Add:
    async def add(number: int) -> None:
        async with scene.app.application.unit() as uow:
            uow.enqueue(prune_jobs, owner_id=scene.admin.id)

    return add


async def notifications(scene: Scene) -> Add:
    async def add(number: int) -> None:
        async with scene.app.application.unit() as uow:
            await NotificationService(uow).notify(scene.admin.id, PAID, f"Order {number} is paid")

    return add


async def passkeys(scene: Scene) -> Add:
    async def add(number: int) -> None:
        await with_passkey(scene.app, scene.admin)

    return add


def below(prefix: str, suffix: str, body: Callable[[int], dict[str, Any]], thing: str = "") -> Any:
    """Adds by POST to a list below something: a product, an order, or a user."""

    async def maker(scene: Scene) -> tuple[str, Add]:
        if thing == "order":
            id = await scene.made("/orders", items=[{"productId": await scene.product(), "quantity": 9}])
        else:
            id = str((await scene.app.sign_up()).id) if thing == "user" else await scene.product()

        async def add(number: int) -> None:
            (await scene.client.post(f"{API}{prefix}/{id}{suffix}", json=body(number))).raise_for_status()

        return id, add

    return maker


LISTS: dict[str, Any] = {
    "/users": users,
    "/admin/users": users,
    "/permissions": None,  # from the code, without a statement
    "/roles": roles,
    "/audit": roles,
    "/auth/sessions": sessions,
    "/api-keys": api_keys,
    "/service-accounts": service_accounts,
    "/auth/passkeys": passkeys,
    "/oauth-clients": oauth_clients,
    "/oauth-consents": oauth_consents,
    "/auth/social/links": social_links,
    "/organizations": organizations,
    "/organizations/{id}/members": members,
    "/organizations/{id}/invitations": invitations,
    "/products": products,
    "/credits": credits,
    "/orders": orders,
    "/payments": payments,
    "/jobs": jobs,
    "/notifications": notifications,
    "/users/{id}/grants": below("/users", "/grants", lambda number: {"permission": sorted(PERMISSIONS)[number]}, "user"),
    "/products/{id}/stock/adjustments": below("/products", "/stock", lambda number: {"delta": 1, "reason": "Counted"}),
    "/orders/{id}/refunds": below("/orders", "/refunds", lambda number: {"amount": 1, "reason": "Scratched"}, "order"),
}


def list_routes(app: AppClient) -> set[str]:
    """The paths that answer pages, from the document."""
    document = app.program.api.openapi()
    schemas = document["components"]["schemas"]
    found = set()
    for path, operations in document["paths"].items():
        answers = operations.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
        name = answers.get("application/json", {}).get("schema", {}).get("$ref", "").rpartition("/")[2]
        if "pagination" in schemas.get(name, {}).get("properties", {}):
            found.add(path.removeprefix(API))
    return found


async def asked(scene: Scene, path: str) -> tuple[int, int]:
    """How many rows a list shows, and how many statements it runs; what an order before it still does is not counted.

    The fewest of some: who asks is looked up now and then.
    """
    counts = []
    for _ in range(TIMES):
        with captured_logs() as lines:
            answer = await scene.client.get(f"{API}{path}?limit=100")
        assert answer.status_code == 200, answer.text
        counts.append(sum(line["message"] == "statement" and line.get("method") == "GET" for line in lines))
    return len(answer.json()["data"]), min(counts)


@pytest.mark.parametrize("path", [path for path, maker in LISTS.items() if maker is not None])
async def test_a_longer_list_runs_no_more_statements(app: AppClient, path: str) -> None:
    admin = await app.sign_up()
    await app.give_role(admin, "admin")
    scene = Scene(app, admin)
    made = await LISTS[path](scene)
    id, add = made if isinstance(made, tuple) else ("", made)
    for number in range(FEW):
        await add(number)
    few, statements = await asked(scene, path.format(id=id))

    for number in range(FEW, FEW + MORE):
        await add(number)
    many, statements_then = await asked(scene, path.format(id=id))

    assert many == few + MORE
    assert 1 <= statements_then == statements <= 5


async def test_every_list_is_counted(app: AppClient) -> None:
    assert list_routes(app) == set(LISTS), "say above how the list is filled"
