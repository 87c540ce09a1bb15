"""The table of secrets that are good once. A new kind of secret is a function and a row."""

from datetime import timedelta

from mainspring.core import clock, ids
from mainspring.modules.oauth.rows import DEVICE
from mainspring.testing.client import PASSWORD
from tests.integration.modules.auth.software_authenticator import SoftwareAuthenticator
from tests.integration.modules.oauth.browser import Browser as OAuthBrowser
from tests.integration.modules.social.browser import EXCHANGE, OURS, SOCIAL
from tests.integration.modules.social.browser import Browser as SocialBrowser
from tests.integration.modules.social.oidc_server import with_query

from .one_time import AT_ONCE, AUTH, Account, Row, Try, World

PASSKEYS = f"{AUTH}/passkeys"
NEXT_STEP = timedelta(seconds=30)  # the code of now confirmed the app


async def verify_email(world: World) -> list[Try]:
    token = await world.mailed((await world.account()).email, "verify-email")
    return [Try(f"{AUTH}/verify-email", {"token": token})] * AT_ONCE


async def reset_password(world: World) -> list[Try]:
    account = await world.account()
    await world.ask(f"{AUTH}/forgot-password", {"email": account.email})
    token = await world.mailed(account.email, "reset-password")
    return [
        Try(f"{AUTH}/reset-password", {"token": token, "newPassword": f"the new words of tab {tab}"}) for tab in range(AT_ONCE)
    ]


async def magic_link(world: World) -> list[Try]:
    account = await world.account()
    await world.ask(f"{AUTH}/magic-link", {"email": account.email})
    return [Try(f"{AUTH}/magic-link/verify", {"token": await world.mailed(account.email, "magic-link")})] * AT_ONCE


async def change_email(world: World) -> list[Try]:
    account = await world.account()
    new = account.email.replace("@example.com", "@example.org")
    await world.ask(f"{AUTH}/change-email", {"newEmail": new, "currentPassword": PASSWORD}, account.headers)
    return [Try(f"{AUTH}/change-email/confirm", {"token": await world.mailed(new, "change-email")})] * AT_ONCE


async def refresh_token(world: World) -> list[Try]:
    return [Try(f"{AUTH}/refresh", {"refreshToken": (await world.account()).refresh_token})] * AT_ONCE


async def totp_step(world: World) -> list[Try]:
    account = await world.account()
    app, _ = await world.totp(account)
    tokens = await world.waiting(account, AT_ONCE)
    code = app.at(clock.now() + NEXT_STEP)
    return [Try(f"{AUTH}/mfa/verify", {"mfaToken": token, "code": code}) for token in tokens]


async def recovery_code(world: World) -> list[Try]:
    account = await world.account()
    _, codes = await world.totp(account)
    return [
        Try(f"{AUTH}/mfa/verify", {"mfaToken": token, "recoveryCode": codes[0]})
        for token in await world.waiting(account, AT_ONCE)
    ]


async def mfa_challenge(world: World) -> list[Try]:
    account = await world.account()
    _, codes = await world.totp(account)
    (token,) = await world.waiting(account, 1)
    return [
        Try(f"{AUTH}/mfa/verify", {"mfaToken": token, "recoveryCode": codes[number % len(codes)]}) for number in range(AT_ONCE)
    ]


async def passkey_challenge(world: World) -> list[Try]:
    account = await world.account()
    authenticator = SoftwareAuthenticator(origin=world.origin)
    made = authenticator.make(await _new_options(world, account))
    await world.ask(f"{PASSKEYS}/register/verify", {"credential": made}, account.headers)
    signed = authenticator.use(await world.ask(f"{PASSKEYS}/login/options", {}))
    return [Try(f"{PASSKEYS}/login/verify", {"credential": signed})] * AT_ONCE


async def new_passkey_challenge(world: World) -> list[Try]:
    account = await world.account()
    options = await _new_options(world, account)
    made = [SoftwareAuthenticator(origin=world.origin).make(options) for _ in range(AT_ONCE)]
    return [Try(f"{PASSKEYS}/register/verify", {"credential": one}, account.headers) for one in made]


async def oauth_code(world: World) -> list[Try]:
    client = await world.oauth_client("authorization_code", "refresh_token")
    code = await client.code(await world.account(), "openid")
    wish = {"grant_type": "authorization_code", "code": code, "redirect_uri": client.redirect_uri}
    wish |= {"client_id": client.id, "code_verifier": client.verifier}
    return [Try("/oauth/token", wish, is_form=True)] * AT_ONCE


async def device_code(world: World) -> list[Try]:
    client = await world.oauth_client(DEVICE)
    device = (await client.ask("/oauth/device_authorization", scope="openid")).json()
    browser = OAuthBrowser(world.pages)
    page = await browser.fill(await browser.get("/oauth/device"), user_code=device["user_code"])
    page = await browser.fill(await browser.sign_in(page, await world.account()), user_code=device["user_code"])
    await browser.fill(page, decision="allow")
    wish = {"grant_type": DEVICE, "device_code": device["device_code"], "client_id": client.id}
    return [Try("/oauth/token", wish, is_form=True)] * AT_ONCE


async def social_state(world: World) -> list[Try]:
    browser = _at_provider(world)
    brought = world.provider.agree(await browser.begin(transport="cookie"))
    return [Try(with_query(f"{SOCIAL}/acme/callback", brought), None, _cookies_of(browser))] * AT_ONCE


async def social_code(world: World) -> list[Try]:
    browser = _at_provider(world)
    code = await browser.code()
    return [Try(EXCHANGE, {"code": code}, _cookies_of(browser))] * AT_ONCE


async def invitation(world: World) -> list[Try]:
    owner, invited = await world.account(), await world.account()
    await world.ask(f"{AUTH}/verify-email", {"token": await world.mailed(invited.email, "verify-email")})
    made = await world.ask("/api/v1/organizations", {"name": "Engines"}, owner.headers)
    await world.ask(f"/api/v1/organizations/{made['id']}/invitations", {"email": invited.email}, owner.headers)
    token = await world.mailed(invited.email, "invitations")
    return [Try("/api/v1/organizations/invitations/acceptance", {"token": token}, invited.headers)] * AT_ONCE


def _at_provider(world: World) -> SocialBrowser:
    """The browser of somebody whom the provider did not see before."""
    subject = ids.secret(8)
    world.provider.person |= {"sub": subject, "email": f"{subject}@example.net", "email_verified": True}
    return SocialBrowser(world.pages, world.provider)


def _cookies_of(browser: SocialBrowser) -> dict[str, str]:
    return {**OURS, "Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items())}


async def _new_options(world: World, account: Account) -> dict[str, object]:
    return await world.ask(f"{PASSKEYS}/register/options", {}, account.headers)


ROWS = {
    "verify e-mail": Row(verify_email, won=204, refused=401),
    "reset password": Row(reset_password, won=204, refused=401),
    "magic link": Row(magic_link, won=200, refused=401),
    "change e-mail": Row(change_email, won=200, refused=401),
    "refresh token": Row(refresh_token, won=200, refused=401),
    "totp step": Row(totp_step, won=200, refused=401),
    "recovery code": Row(recovery_code, won=200, refused=401),
    "mfa challenge": Row(mfa_challenge, won=200, refused=401),
    "passkey challenge": Row(passkey_challenge, won=200, refused=401),
    "new passkey challenge": Row(new_passkey_challenge, won=201, refused=403),
    "OAuth code": Row(oauth_code, won=200, refused=400),
    "device code": Row(device_code, won=200, refused=400),
    "social state": Row(social_state, won=302, refused=401),
    "social code": Row(social_code, won=200, refused=401),
    "invitation": Row(invitation, won=200, refused=404),
}
