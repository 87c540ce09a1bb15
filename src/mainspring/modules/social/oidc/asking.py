"""Asking a provider over HTTP: only hosts that were set up, only JSON, and every odd answer is one that says nothing."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

import jiter

from mainspring.core.errors import Unavailable
from mainspring.core.observability.logs import get_logger
from mainspring.core.outgoing.rules import is_this_machine

from ..errors import ProviderUnavailable
from ..ports import HttpAnswer, ProviderHttp

JSON = {"Accept": "application/json"}
PORTS = {"https": 443, "http": 80}

log = get_logger(__name__)


class Hosts:
    """Where a provider may send us and our visitors (ASVS 1.3.6): https to hosts that were set up.

    Plain http is for this machine alone, and not in production.
    """

    def __init__(self, addresses: Iterable[str], *, is_production: bool) -> None:
        self.is_production = is_production
        self._allowed = {_place(address if "://" in address else f"https://{address}") for address in addresses}

    def allow(self, url: object) -> bool:
        """Whether the address may be used."""
        if not isinstance(url, str) or not url.isascii() or any(sign <= " " or sign in "\\" for sign in url):
            return False
        parts = urlsplit(url)
        if parts.scheme == "http" and (self.is_production or not is_this_machine(parts.hostname or "")):
            return False
        return parts.scheme in PORTS and parts.username is None and _place(url) in self._allowed


class Asking:
    """The questions to one provider. Each raises ProviderUnavailable for an answer that is none."""

    def __init__(self, provider: str, http: ProviderHttp, hosts: Hosts) -> None:
        self.provider, self.http, self.hosts = provider, http, hosts

    async def get(self, url: str, token: str | None = None) -> Any:  # Any: any JSON
        """JSON from an address."""
        self._check(url)
        headers = JSON if token is None else {**JSON, "Authorization": f"Bearer {token}"}
        try:
            answer = await self.http.get(url, headers)
        except Unavailable as failure:
            raise self._silent(url, failure) from failure
        if answer.status != 200:
            raise self.odd(url, f"it answered {answer.status}")
        return self._json(url, answer)

    async def post(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, Mapping[str, Any]]:
        """The status and the JSON object that answers a form; an empty one for a refusal without JSON."""
        self._check(url)
        try:
            answer = await self.http.post(url, form, {**JSON, **headers})
        except Unavailable as failure:
            raise self._silent(url, failure) from failure
        if answer.status == 200:
            found = self._json(url, answer)
            if not isinstance(found, dict):
                raise self.odd(url, "it answered no object")
            return 200, found
        if not 400 <= answer.status < 500:
            raise self.odd(url, f"it answered {answer.status}")
        try:
            found = jiter.from_json(answer.body, allow_inf_nan=False)
        except ValueError:
            found = {}
        return answer.status, found if isinstance(found, dict) else {}

    def odd(self, url: str, reason: str) -> ProviderUnavailable:
        """The error for an answer that makes no sense; the reason goes to the log alone."""
        log.warn("social_provider_odd", provider=self.provider, url=_shown(url), reason=reason)
        return ProviderUnavailable()

    def _check(self, url: str) -> None:
        if not self.hosts.allow(url):
            raise self.odd(url, "its host was not set up")

    def _silent(self, url: str, failure: Unavailable) -> ProviderUnavailable:
        log.warn("social_provider_silent", provider=self.provider, url=_shown(url), reason=type(failure).__name__)
        return ProviderUnavailable(retry_after=failure.retry_after)

    def _json(self, url: str, answer: HttpAnswer) -> Any:  # Any: any JSON
        try:
            return jiter.from_json(answer.body, allow_inf_nan=False, catch_duplicate_keys=True)
        except ValueError as wrong:
            raise self.odd(url, "it answered no JSON") from wrong


def _place(url: str) -> tuple[str, int]:
    """Host and port; one that is no number is nowhere."""
    parts = urlsplit(url)
    try:
        return (parts.hostname or "").rstrip("."), parts.port or PORTS.get(parts.scheme, 0)
    except ValueError:
        return "", 0


def _shown(url: str) -> str:
    return url.partition("?")[0][:200]
