"""Every route as everybody: access_matrix.md says who gets which status, and this file asks the application.

Routes come from the OpenAPI document and from the program's own table, bodies from the document's schemas. A route that the
table does not know fails, and so does a row without a route.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from mainspring.core import clock, ids
from mainspring.core.database import Statement, bind, update_of
from mainspring.core.http.plan import Plan
from mainspring.core.jobs.models import DEAD, Job
from mainspring.core.jobs.upkeep import prune_jobs
from mainspring.core.mail import Mailbox, Message
from mainspring.core.mail.folder import MailFolder
from mainspring.core.money import Money
from mainspring.modules.auth.schemas import SendProof
from mainspring.modules.auth.service import EmailProofService
from mainspring.modules.auth.service.email_proofs import CHANGE, MAGIC, RESET, VERIFY
from mainspring.modules.notifications.ports import Kind
from mainspring.modules.notifications.service import NotificationService
from mainspring.modules.payments.service import Charging
from mainspring.testing.client import PASSWORD, AppClient, SignedIn

from .account_scene import an_export, an_invitation, an_organization, somebody_acted_as
from .bank_scene import signed_webhook
from .factor_scene import (
    a_new_passkey,
    a_passkey,
    a_passkey_in_use,
    a_second_factor,
    a_sign_in_that_waits,
    an_authenticator_app,
    no_first_step,
    no_second_factor,
)
from .provider_scene import a_consent, an_oauth_client, ask_provider
from .social_doors import (
    ENVIRONMENT,
    a_code,
    a_provider,
    a_provider_that_posts,
    a_social_link,
    request_of_logout,
    request_of_return,
)
from .valid_bodies import body_of

TABLE = Path(__file__).with_name("access_matrix.md")
NEWS = Kind("matrix.news", "News for the matrix")
DIE: Statement[None] = Statement(
    update_of(Job).where(Job.id == bind("id", Job.id)).values(state=DEAD, finished_at=bind("now", Job.finished_at))
)
ACTORS = ("anonymous", "stranger", "owner", "granted", "expired", "moderator", "admin")


@pytest.fixture
def environment() -> dict[str, str]:
    return {**ENVIRONMENT, "OAUTH__REGISTRATION": "open"}  # doors that are shut by default


def rows() -> dict[str, dict[str, str]]:
    """The reviewed table: route to its columns."""
    lines = [
        [cell.strip() for cell in line.strip("| ").split("|")] for line in TABLE.read_text().splitlines() if line.startswith("| ")
    ]
    found = {cells[0].strip("`"): dict(zip(lines[0][1:], cells[1:], strict=True)) for cells in lines[1:]}
    assert len(found) == len(lines) - 1, "a route stands twice in the table"
    return found


class Scene:
    """One route's play: the actors, and fresh things for each of them to act on."""

    def __init__(self, app: AppClient, keeper: SignedIn) -> None:
        self.app = app
        self.keeper = keeper

    async def actor(self, part: str, permission: str) -> SignedIn | None:
        """A new user for the part; `permission` is what the rule of the route asks for."""
        if part == "anonymous":
            return None
        user = await self.app.sign_up()
        if part in ("moderator", "admin"):
            await self.app.give_role(user, part)
        elif part in ("granted", "expired") and ":" in permission:
            await self.app.grant(user, permission, lasting=timedelta(hours=1) if part == "granted" else timedelta(hours=-1))
        return user

    async def made(self, path: str, body: dict[str, Any]) -> Any:
        """Make something as the keeper and answer it."""
        answer = await self.app.as_(self.keeper).post(f"/api/v1{path}", json=body)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()


Things = dict[str, str]
Prepare = Callable[[Scene, SignedIn], Awaitable[Things]]


async def a_user(scene: Scene, owner: SignedIn) -> Things:
    return {"id": str(owner.id)}


async def a_deleted_user(scene: Scene, owner: SignedIn) -> Things:
    await scene.app.as_(scene.keeper).delete(f"/api/v1/users/{owner.id}")
    return {"id": str(owner.id)}


async def a_holder_of_a_role(scene: Scene, owner: SignedIn) -> Things:
    role = await a_role(scene, owner)
    await scene.made(f"/users/{owner.id}/roles", {"role": role["name"]})
    return {"id": str(owner.id), **role}


async def a_holder_of_a_grant(scene: Scene, owner: SignedIn) -> Things:
    await scene.made(f"/users/{owner.id}/grants", {"permission": "products:read"})
    return {"id": str(owner.id), "permission": "products:read"}


async def a_role(scene: Scene, owner: SignedIn) -> Things:
    name = f"role-{owner.email.partition('@')[0]}"
    await scene.made("/roles", {"name": name, "description": "Made for a test", "permissions": []})
    return {"name": name}


async def a_product(scene: Scene, owner: SignedIn) -> Things:
    price = {"amount": 100, "currency": "EUR"}
    return {"id": (await scene.made("/products", {"name": "Lamp", "category": "light", "price": price, "stock": 5}))["id"]}


async def an_order(scene: Scene, owner: SignedIn) -> Things:
    product = await a_product(scene, owner)
    body = {"items": [{"productId": product["id"], "quantity": 1}]}
    order = (await scene.app.as_(owner).post("/api/v1/orders", json=body)).json()
    return {"id": order["id"]}


async def a_refund(scene: Scene, owner: SignedIn) -> Things:
    order = await an_order(scene, owner)
    refund = await scene.made(f"/orders/{order['id']}/refunds", {"amount": 1, "reason": "Scratched"})
    return {**order, "refund_id": refund["id"]}


async def a_transfer(scene: Scene, owner: SignedIn) -> Things:
    return {"id": (await scene.made("/credits/deposits", {"toUserId": str(owner.id), "amount": 5}))["id"]}


async def a_session(scene: Scene, owner: SignedIn) -> Things:
    sessions = (await scene.app.as_(owner).get("/api/v1/auth/sessions")).json()["data"]
    return {"id": sessions[0]["id"]}


async def a_job(scene: Scene, owner: SignedIn) -> Things:
    async with scene.app.application.unit() as uow:
        return {"id": str(uow.enqueue(prune_jobs, owner_id=owner.id))}


async def a_payment(scene: Scene, owner: SignedIn) -> Things:
    charging = Charging(scene.app.application)
    payment = await charging.charge(ids.new(), str(ids.new()), Money(100, "EUR"), "card_ok", owner.id)
    return {"id": str(payment.id)}


async def the_gateway(scene: Scene, owner: SignedIn) -> Things:
    return {"gateway": "local"}


async def a_dead_job(scene: Scene, owner: SignedIn) -> Things:
    job = await a_job(scene, owner)
    async with scene.app.application.unit() as uow:
        await uow.run(DIE, id=UUID(job["id"]), now=clock.now())
    return job


async def a_file_of_the_documentation(scene: Scene, owner: SignedIn) -> Things:
    return {"name": "page.js"}


async def a_notification(scene: Scene, owner: SignedIn) -> Things:
    async with scene.app.application.unit() as uow:
        return {"id": str(await NotificationService(uow).notify(owner.id, NEWS, "Hello"))}


async def an_api_key(scene: Scene, owner: SignedIn) -> Things:
    answer = await scene.app.as_(owner).post("/api/v1/api-keys", json={"name": "Robot"})
    return {"id": answer.json()["id"]}


async def a_mail(scene: Scene, owner: SignedIn) -> Things:
    message = Message(Mailbox(owner.email), "Hello", "Hello.", "<p>Hello.</p>")
    await scene.app.application.resolve(MailFolder).send(message)
    return {"id": str(message.id)}


PURPOSES = {
    "/auth/verify-email": VERIFY,
    "/auth/reset-password": RESET,
    "/auth/magic-link/verify": MAGIC,
    "/auth/change-email/confirm": CHANGE,
}


async def a_link(scene: Scene, owner: SignedIn, purpose: str) -> Things:
    """The secret of a mail to the owner, as the job that writes it would make one."""
    if purpose == CHANGE:
        wish = {"newEmail": f"moved-{owner.email}", "currentPassword": PASSWORD}
        assert (await scene.app.as_(owner).post("/api/v1/auth/change-email", json=wish)).status_code == 202
        await scene.app.work()
        (mail,) = [
            mail for mail in await scene.app.application.resolve(MailFolder).newest(100) if f"moved-{owner.email}" in mail.to
        ]
        return {"token": mail.text.partition("#token=")[2].split()[0]}
    async with scene.app.application.unit() as uow:
        letter = await EmailProofService(uow).offer(SendProof(owner.email, purpose, "magic_link"))
    assert letter is not None
    return {"token": letter.link.partition("#token=")[2]}


PREPARATIONS: dict[str, Prepare] = {
    "/api/v1/auth/social/links/{id}": a_social_link,
    "POST /api/v1/auth/social/{provider}/callback": a_provider_that_posts,
    "POST /api/v1/auth/social/{provider}/backchannel-logout": a_provider_that_posts,
    "/api/v1/auth/social/{provider}/": a_provider,
    "/api/v1/users/me/exports/{id}": an_export,
    "/api/v1/api-keys/{id}": an_api_key,
    "/api/v1/organizations/{id}": an_organization,
    "/api/v1/oauth-clients/{id}": an_oauth_client,
    "/api/v1/oauth-consents/{client_id}": a_consent,
    "/api/v1/notifications/{id}": a_notification,
    "/mail/{id}": a_mail,
    "/docs/assets/{name}": a_file_of_the_documentation,
    "POST /api/v1/users/{id}/restoration": a_deleted_user,
    "/api/v1/users/{id}/roles/": a_holder_of_a_role,
    "/api/v1/users/{id}/grants/": a_holder_of_a_grant,
    "/api/v1/users/{id}": a_user,
    "/api/v1/roles/{name}": a_role,
    "/api/v1/products/{id}": a_product,
    "/api/v1/orders/{id}/refunds/": a_refund,
    "/api/v1/orders/{id}": an_order,
    "/api/v1/credits/transfers/{id}": a_transfer,
    "/api/v1/auth/sessions/{id}": a_session,
    "/api/v1/auth/passkeys/{id}": a_passkey,
    "/api/v1/payments/webhooks/": the_gateway,
    "/api/v1/payments/{id}": a_payment,
    "/api/v1/jobs/{id}/retry": a_dead_job,
    "/api/v1/jobs/{id}": a_job,
}

OF_THE_CALLER: dict[str, Prepare] = {
    "POST /api/v1/auth/social/exchange": a_code,
    "POST /api/v1/credits/transfers": a_transfer,
    "POST /api/v1/auth/step-up": no_second_factor,
    "POST /api/v1/auth/mfa/totp/activate": an_authenticator_app,
    "DELETE /api/v1/auth/mfa/totp": a_second_factor,
    "POST /api/v1/auth/mfa/recovery-codes": a_second_factor,
    "POST /api/v1/auth/mfa/verify": a_sign_in_that_waits,
    "POST /api/v1/auth/passkeys/register/verify": a_new_passkey,
    "POST /api/v1/auth/passkeys/login/options": no_first_step,
    "POST /api/v1/auth/passkeys/login/verify": a_passkey_in_use,
    "DELETE /api/v1/users/{id}/impersonation": somebody_acted_as,
}


async def prepared(scene: Scene, route: str, owner: SignedIn) -> Things:
    """What the path or the body names, made for this call."""
    if route.endswith("/invitations/acceptance"):
        return await an_invitation(scene, owner)
    if route == "POST /api/v1/orders":
        return {"productId": (await a_product(scene, owner))["id"]}
    for path, purpose in PURPOSES.items():
        if route.endswith(path):
            return await a_link(scene, owner, purpose)
    if "{" not in route:
        return {}
    for part, prepare in PREPARATIONS.items():
        if part in route:
            return await prepare(scene, owner)
    raise NotImplementedError(f"say in PREPARATIONS how the path of {route} is filled")


def values_for(route: str, actor: SignedIn) -> dict[str, Any]:
    """What a valid body says about the actor."""
    return {
        "password": PASSWORD,
        "currentPassword": PASSWORD,
        "newPassword": "another correct horse battery",
        "refreshToken": actor.refresh_token,
        "permission": "products:read",
        "permissions": [],
        "kind": NEWS,
        "inApp": True,
        "role": "guest",
        "roles": ["user"],
        "overlap": "24h",
        **({"operations": [{"id": "a", "method": "GET", "path": "/api/v1/audit"}]} if route.endswith("/batch") else {}),
        **({"name": "Ada Lovelace"} if "/users" in route or "/register" in route else {}),
        **({"kind": "public", "redirectUris": ["https://app.example.com/"]} if "/oauth-clients" in route else {}),
    }


async def ask(scene: Scene, document: dict[str, Any], route: str, part: str, permission: str) -> int:
    """Call the route in one part and answer the status."""
    method, _, path = route.partition(" ")
    actor = await scene.actor(part, permission)
    owner = actor if part == "owner" and actor else await scene.app.sign_up()
    caller = actor or owner
    if path.startswith("/oauth/"):
        return await ask_provider(scene.app, scene.keeper, route, actor, caller)
    things = await prepared(scene, route, owner)
    if route in OF_THE_CALLER:
        things |= await OF_THE_CALLER[route](scene, caller)
    operation = document["paths"].get(path, {}).get(method.lower(), {})
    body = body_of(document, operation, values_for(route, caller) | things | {"toUserId": str(scene.keeper.id)})
    if route.endswith("/auth/login"):
        body = {"email": caller.email, "password": PASSWORD}
    if path == "/api/v1/access/explanation":
        path += f"?permission=products:read&userId={owner.id}"
    client = scene.app.as_(actor)
    if "/payments/webhooks/" in route:
        sent = signed_webhook(scene.app)
        return (await client.post(path.format(**things), headers=sent[0], content=sent[1])).status_code
    if route.endswith("/callback"):
        options = await request_of_return(scene.app, things["provider"])
    elif route.endswith("/backchannel-logout"):
        options = request_of_logout(scene.app, things["provider"])
    else:
        options = {} if body is None else {"json": body}
    return (await client.request(method, path.format(**things), **options)).status_code


def routes_of(app: AppClient) -> dict[str, str]:
    """Every route of the program with its rule in words."""
    return {f"{method} {path}": rule_of(plan) for method, path, plan in app.program.plans}


def rule_of(plan: Plan) -> str:
    return " and ".join(guard.rule() for guard in plan.guards) or "public"


@pytest.mark.parametrize("route", rows())
async def test_everybody_gets_what_the_matrix_says(app, route):
    expected = rows()[route]
    rule = routes_of(app)[route]
    assert expected["rule"] == rule
    keeper = await app.sign_up()
    await app.give_role(keeper, "admin")
    scene, document = Scene(app, keeper), app.program.api.openapi()
    needed = expected["permission"]

    seen = {part: str(await ask(scene, document, route, part, needed)) for part in ACTORS}

    assert seen == {part: expected[part] for part in ACTORS}
    assert any(status.startswith(("2", "3")) for status in seen.values()), "nobody may, so the body may be wrong"


async def test_the_matrix_names_every_route_and_no_other(app):
    documented = {
        f"{method.upper()} {path}" for path, operations in app.program.api.openapi()["paths"].items() for method in operations
    }

    assert set(rows()) == set(routes_of(app))
    assert documented <= set(rows())


def test_a_route_without_a_row_fails_the_matrix():
    assert "GET /api/v1/never-reviewed" not in rows()
