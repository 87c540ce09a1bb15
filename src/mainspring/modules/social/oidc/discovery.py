"""What a provider says about itself (OpenID Connect Discovery 1.0), kept for an hour, and longer while it does not answer."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mainspring.core import clock
from mainspring.core.errors import Unavailable

from .asking import Asking

FRESH_SECONDS = 60 * 60
KEPT_SECONDS = 24 * 60 * 60
BASIC = "client_secret_basic"  # what a provider takes that does not say (OpenID Connect Discovery 3)
TENANT = "{tenantid}"  # as Microsoft writes it where one document speaks for many issuers


@dataclass(frozen=True, slots=True)
class Metadata:
    """The parts that we use."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    answers_with_issuer: bool
    takes_basic: bool


class Discovery:
    """The metadata of one issuer. `tenant` stands in for `{tenantid}` where its document is looked for."""

    def __init__(self, issuer: str, asking: Asking, tenant: str = "common") -> None:
        self.issuer, self.asking = issuer, asking
        self.url = f"{issuer.replace(TENANT, tenant).rstrip('/')}/.well-known/openid-configuration"
        self._found: Metadata | None = None
        self._at = 0.0
        self._one = asyncio.Lock()

    async def key_address(self) -> str:
        """Where the issuer's keys are; its document need not speak of signing in. Raises ProviderUnavailable."""
        return self._address(self._of_issuer(await self.asking.get(self.url)), "jwks_uri")

    async def metadata(self) -> Metadata:
        """What the issuer says. Raises ProviderUnavailable."""
        if self._found is not None and clock.monotonic() - self._at < FRESH_SECONDS:
            return self._found
        async with self._one:  # everybody who comes meanwhile waits for one answer
            if self._found is not None and clock.monotonic() - self._at < FRESH_SECONDS:
                return self._found
            try:
                self._found = self._read(await self.asking.get(self.url))
                self._at = clock.monotonic()
            except Unavailable:
                if self._found is None or clock.monotonic() - self._at > KEPT_SECONDS:
                    raise
        return self._found

    def _read(self, said: Any) -> Metadata:  # Any: any JSON
        said = self._of_issuer(said)
        metadata = Metadata(
            issuer=self.issuer,
            authorization_endpoint=self._address(said, "authorization_endpoint"),
            token_endpoint=self._address(said, "token_endpoint"),
            jwks_uri=self._address(said, "jwks_uri"),
            userinfo_endpoint=self._address(said, "userinfo_endpoint") if said.get("userinfo_endpoint") else None,
            answers_with_issuer=said.get("authorization_response_iss_parameter_supported") is True,
            takes_basic=BASIC in _texts(said.get("token_endpoint_auth_methods_supported", [BASIC])),
        )
        if "S256" not in _texts(said.get("code_challenge_methods_supported", ["S256"])):
            raise self.asking.odd(self.url, "it does not know S256")
        return metadata

    def _of_issuer(self, said: Any) -> Mapping[str, Any]:  # Any: any JSON
        if not isinstance(said, dict) or said.get("issuer") != self.issuer:
            raise self.asking.odd(self.url, "its document is of another issuer")
        return said

    def _address(self, said: Mapping[str, Any], name: str) -> str:
        found = said.get(name)
        if not isinstance(found, str) or not self.asking.hosts.allow(found):
            raise self.asking.odd(self.url, f"its {name} is missing or at a host that was not set up")
        return found


def _texts(found: Any) -> list[str]:  # Any: any JSON
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []
