"""A browser in front of the application and of a provider."""

from http.cookies import SimpleCookie
from urllib.parse import urlsplit

from .oidc_server import query_of, with_query

SOCIAL = "/api/v1/auth/social"
EXCHANGE = f"{SOCIAL}/exchange"
OURS = {"Sec-Fetch-Site": "same-origin"}


class Browser:
    """Keeps cookies. `user` is who is signed in with a bearer token, if anybody."""

    def __init__(self, app, server, provider="acme", user=None):
        self.app, self.server, self.provider, self.user = app, server, provider, user
        self.cookies, self.set = {}, {}

    async def send(self, method, path, **options):
        headers = {**OURS, **(self.user.headers if self.user else {}), **options.pop("headers", {})}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = await self.app.http.request(method, path, headers=headers, **options)
        self.app.http.cookies.clear()
        self.set = {}
        for line in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                self.set[name] = morsel
                self.cookies[name] = morsel.value
        return answer

    async def begin(self, **query):
        """The address of the provider."""
        answer = await self.send("GET", f"{SOCIAL}/{self.provider}/authorize", params=query)
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]

    async def begin_link(self, **body):
        answer = await self.send("POST", f"{SOCIAL}/{self.provider}/link", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["authorizeUrl"]

    async def come_back(self, brought, provider=None):
        return await self.send("GET", with_query(f"{SOCIAL}/{provider or self.provider}/callback", brought))

    async def outcome(self, address, **changes):
        """What the page learns after the person agreed at the address: the parameters that it is opened with."""
        answer = await self.come_back(self.server.agree(address, **changes))
        assert answer.status_code == 302, answer.text
        return query_of(answer.headers["location"])

    async def code(self, **query):
        found = await self.outcome(await self.begin(**query))
        assert found.keys() == {"code"}, found
        return found["code"]

    async def exchange(self, code, **body):
        return await self.send("POST", EXCHANGE, json={"code": code, **body})

    async def sign_in(self, **query):
        """Sign in with a bearer token, all the way; the answer with the session."""
        answer = await self.exchange(await self.code(**query))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def error(self, **changes):
        """Try to sign in; the code of the refusal that the page learns."""
        found = await self.outcome(await self.begin(), **changes)
        assert found.keys() == {"error"}, found
        return found["error"]


def path_of(address):
    return urlsplit(address).path
