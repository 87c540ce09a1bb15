"""Where logout tokens may go, and the way there (OpenID Connect Back-Channel Logout 1.0, 2.5)."""

from functools import cached_property
from urllib.parse import urlencode

from mainspring.core.adapters import adapter
from mainspring.core.application import Application
from mainspring.core.module import BootRefused
from mainspring.core.outgoing import AddressRefused, Outgoing, OutgoingRules, outgoing
from mainspring.core.outgoing.target import target_of
from mainspring.core.outgoing.wiring import ADAPTER

SECONDS = 5.0
LONGEST_ANSWER = 64 * 1024  # bytes; nothing of it is read
HEADERS = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
REFUSED = "Name an https:// address at a usual port that lies in no inner network"


class SendsLogouts:
    """`LogoutSender`. The client is made with the first token, so whoever has no such clients needs no library."""

    def __init__(self, application: Application) -> None:
        self.application = application

    def problem_of(self, url: str) -> str | None:
        """Judged by text; what a name leads to is judged at each sending, for it may change."""
        if "#" in url:
            return "This address may have no fragment"
        try:
            OutgoingRules.of(self.application.settings).check(target_of(url))
            adapter(ADAPTER, extra="outgoing")
        except AddressRefused:
            return REFUSED
        except BootRefused as missing:
            return str(missing)
        return None

    async def send(self, url: str, token: str) -> int:
        """The token as a form."""
        body = urlencode({"logout_token": token}).encode()
        answer = await self._client.send("POST", url, headers=HEADERS, body=body, deadline=SECONDS, longest=LONGEST_ANSWER)
        return answer.status

    @cached_property
    def _client(self) -> Outgoing:
        return outgoing(self.application)


def logout_sender(application: Application) -> SendsLogouts:
    """The sender for an application."""
    return SendsLogouts(application)
