"""How the matrix asks the provider: each of its routes at the root gets a request that is right, so only the rule decides."""

from typing import Protocol

from mainspring.modules.oauth.rows import DEVICE
from mainspring.testing.client import AppClient, SignedIn
from tests.integration.modules.auth.authenticator_app import with_totp
from tests.integration.modules.oauth.browser import (
    CALLBACK,
    OWN_PAGE,
    Browser,
    Client,
    action_of,
    hidden_of,
    made,
    query_of,
    with_token,
)

GRANTS = ["authorization_code", "refresh_token", DEVICE]
SHOWN = ("/oauth/style.css", "/oauth/device", "/oauth/logout")  # pages that anybody may look at


class Scene(Protocol):
    """What of a scene of the matrix is needed here."""

    app: AppClient
    keeper: SignedIn


async def an_oauth_client(scene: Scene, owner: SignedIn) -> dict[str, str]:
    return {"id": (await made(scene.app, scene.keeper)).id}


async def a_consent(scene: Scene, owner: SignedIn) -> dict[str, str]:
    client = await made(scene.app, scene.keeper)
    await client.tokens(owner)
    return {"client_id": client.id}


async def ask_provider(app: AppClient, keeper: SignedIn, route: str, actor: SignedIn | None, caller: SignedIn) -> int:
    """The status of a route below `/oauth/`. The caller signs in on the pages; the client has a token of the actor, if any."""
    client, path = await made(app, keeper, name="Matrix", grants=GRANTS), route.partition(" ")[2]
    if path == "/oauth/userinfo":
        headers = with_token((await client.tokens(actor))["access_token"]) if actor else {}
        return (await app.as_(None).request(route.partition(" ")[0], path, headers=headers)).status_code
    if path in SHOWN and route.startswith("GET"):
        return (await app.get(path)).status_code
    if path == "/oauth/authorize":
        if route.startswith("GET"):
            return (await app.get(client.request())).status_code
        return (await app.post(path, data=query_of(client.request()))).status_code
    if path == "/oauth/token":
        return (await client.exchange(await client.code(caller))).status_code
    if path in ("/oauth/introspect", "/oauth/revoke"):
        return (await client.ask(path, token=(await client.tokens(caller))["access_token"])).status_code
    if path == "/oauth/register":
        return (await app.post(path, json={"redirect_uris": [CALLBACK]})).status_code
    if path == "/oauth/par":
        return (await client.ask(path, **query_of(client.request()))).status_code
    if path == "/oauth/device_authorization":
        return (await client.ask(path, scope="openid")).status_code
    return await send_form(app, client, path, caller)


async def send_form(app: AppClient, client: Client, path: str, caller: SignedIn) -> int:
    """The status of a form of our pages, filled in well."""
    browser = Browser(app)
    if path == "/oauth/logout":
        await client.code(caller, browser=browser)
        return (await browser.fill(await browser.get(path), decision="allow")).status_code
    if path.startswith("/oauth/device"):
        code = {"user_code": (await client.ask("/oauth/device_authorization", scope="openid")).json()["user_code"]}
        await client.code(caller, browser=browser)
        page = await browser.fill(await browser.get("/oauth/device"), **code)
        return (page if path == "/oauth/device" else await browser.fill(page, decision="allow")).status_code
    page, typed = await browser.get(client.request()), {"email": caller.email, "password": caller.password}
    if path == "/oauth/sign-in/code":
        authenticator = await with_totp(app, caller)
        page, typed = await browser.fill(page, **typed), {"code": authenticator.fresh_code()}
    elif path == "/oauth/consent":
        page, typed = await browser.fill(page, **typed), {"decision": "allow"}
    assert action_of(page) == path
    cookies = {"Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items())}
    return (await app.post(path, data={**hidden_of(page), **typed}, headers={**OWN_PAGE, **cookies})).status_code
