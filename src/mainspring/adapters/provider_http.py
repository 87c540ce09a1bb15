"""HTTP to outside providers of sign-in, over the client for other servers: short answers, and errors that a guard understands."""

from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

from mainspring.core.application import Application
from mainspring.core.errors import Unavailable
from mainspring.core.outgoing import AddressRefused, Outgoing, outgoing
from mainspring.core.resilience import NotDone
from mainspring.modules.social.ports import HttpAnswer

LONGEST_BODY = 256 * 1024
FORM = {"content-type": "application/x-www-form-urlencoded"}


class OutgoingProviderHttp:
    """`ProviderHttp`. The policy of the port decides whether to try again."""

    def __init__(self, client: Outgoing, seconds: float) -> None:
        self._client, self._seconds = client, seconds

    async def get(self, url: str, headers: Mapping[str, str]) -> HttpAnswer:
        """Read an address."""
        return await self._sent("GET", url, headers, None)

    async def post(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> HttpAnswer:
        """Send a form."""
        return await self._sent("POST", url, {**headers, **FORM}, urlencode(form).encode())

    async def _sent(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> HttpAnswer:
        try:
            answer = await self._client.send(
                method, url, headers=headers, body=body, deadline=self._seconds, longest=LONGEST_BODY
            )
        except AddressRefused:  # of the settings or of the provider, so nothing that the visitor could mend
            raise Unavailable() from None
        if answer.status == 429:
            raise NotDone()
        if answer.status >= 500:
            raise Unavailable()
        return HttpAnswer(answer.status, answer.body)


def provider_http(application: Application, seconds: float, hosts: Iterable[str]) -> OutgoingProviderHttp:
    """The client for one provider, whose hosts the settings name. It closes with the application."""
    return OutgoingProviderHttp(outgoing(application, named=hosts, extra="social"), seconds)
