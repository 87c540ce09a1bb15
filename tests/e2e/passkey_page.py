"""A page that makes and uses passkeys as any page does, and a device in software that the browser itself provides."""

from typing import Any

import pyotp
from playwright.async_api import Page, Route

from mainspring.core import clock

PASSKEYS = "/api/v1/auth/passkeys"
BLANK = """<!doctype html><title>passkeys</title><script>
const answered = async response => ({status: response.status, body: response.status === 204 ? null : await response.json()})
async function call(method, path, body, token) {
  const headers = {"Content-Type": "application/json", ...(token ? {Authorization: `Bearer ${token}`} : {})}
  return answered(await fetch(path, {method, headers, body: body === null ? null : JSON.stringify(body)}))
}
async function made(deed) {
  try { return {credential: (await deed()).toJSON()} } catch (problem) { return {problem: problem.name} }
}
const create = options => made(() =>
  navigator.credentials.create({publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options)}))
const use = options => made(() =>
  navigator.credentials.get({publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options)}))
</script>"""


class Device:
    """The browser's virtual authenticator: it holds passkeys, and can be told what it is able to do."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.id = ""

    async def plug_in(self, **abilities: bool) -> None:
        """Give the browser this one device in place of what it had."""
        session = await self.page.context.new_cdp_session(self.page)
        await session.send("WebAuthn.enable")
        able = {"hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True}
        options = {"protocol": "ctap2", "transport": "internal", **able, **abilities}
        answer = await session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self.id, self.session = answer["authenticatorId"], session

    async def pull_out(self) -> None:
        """Take it away, with what it holds."""
        await self.session.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": self.id})
        await self.session.detach()

    async def recognizes(self, person: bool) -> None:
        """Whether it is content with the finger or face that it sees."""
        await self.session.send("WebAuthn.setUserVerified", {"authenticatorId": self.id, "isUserVerified": person})

    async def credentials(self) -> list[dict[str, Any]]:
        """What it holds."""
        return (await self.session.send("WebAuthn.getCredentials", {"authenticatorId": self.id}))["credentials"]


class PasskeyPage:
    """The page. Its requests are those of a browser, with its Origin, its Sec-Fetch headers and its cookies."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.device = Device(page)
        self.token: str | None = None

    async def open(self, origin: str) -> None:
        """Go to a blank page of that origin."""
        await self.page.route(f"{origin}/passkeys-of-a-test", _blank)
        await self.page.goto(f"{origin}/passkeys-of-a-test")

    async def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Ask the server, as who signed in last."""
        answer = await self.page.evaluate("given => call(...given)", [method, path, body, self.token])
        return answer["status"], answer["body"]

    async def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """`navigator.credentials.create()`: the credential, or the name of the browser's refusal."""
        return await self.page.evaluate("create", options)

    async def use(self, options: dict[str, Any]) -> dict[str, Any]:
        """`navigator.credentials.get()`: the credential, or the name of the browser's refusal."""
        return await self.page.evaluate("use", options)

    async def add_passkey(self, name: str = "Laptop") -> tuple[int, Any]:
        """Have the device make one and the server keep it."""
        _, options = await self.call("POST", f"{PASSKEYS}/register/options", {})
        made = await self.create(options)
        return await self.call("POST", f"{PASSKEYS}/register/verify", {"name": name, "credential": made["credential"]})

    async def used(self, mfa_token: str | None = None) -> dict[str, Any]:
        """What the device signs of options that were asked for just now."""
        _, options = await self.call("POST", f"{PASSKEYS}/login/options", {"mfaToken": mfa_token} if mfa_token else {})
        return (await self.use(options))["credential"]

    async def add_totp(self) -> None:
        """Give the account an authenticator app, so that signing in with the password asks for a second factor."""
        _, enrolled = await self.call("POST", "/api/v1/auth/mfa/totp/enroll", {})
        code = str(pyotp.TOTP(enrolled["secret"]).at(clock.now()))
        status, body = await self.call("POST", "/api/v1/auth/mfa/totp/activate", {"code": code})
        assert status == 200, body


async def _blank(route: Route) -> None:
    await route.fulfill(status=200, content_type="text/html", body=BLANK)
