"""Signing out here because a client asks for it (OpenID Connect RP-Initiated Logout 1.0): never without the user's word."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from mainspring.core.application import Application
from mainspring.core.context import Context
from mainspring.core.security.csrf import CsrfTokens
from mainspring.core.security.tokens import AccessTokens
from mainspring.modules.auth.service import SessionService, hold_admissions
from mainspring.modules.users.rows import UserRow

from ..errors import InvalidRequest
from ..id_tokens import IdTokens
from ..service import ClientService
from .visiting import Browser, Visitor, refuse_forged, visitor_of

WRONG = "The application that sent you here is not known, or asks to send you to a wrong address."


@dataclass(frozen=True, slots=True)
class Departure:
    """A request that was checked: where the browser goes afterwards, and who may be signed out."""

    client_name: str | None
    url: str | None
    user: UserRow | None
    csrf_token: str | None


class Leaving:
    """Ends the session of our pages. What clients were let in for stays theirs until it is taken back."""

    def __init__(self, application: Application, context: Context) -> None:
        self.application = application
        self.context = context
        self.csrf = application.resolve(CsrfTokens)

    async def consider(self, sent: Mapping[str, str], browser: Browser) -> Departure:
        """What is asked. Raises InvalidRequest for an address that is not the client's, or a hint that is not ours."""
        return (await self._look(sent, browser))[0]

    async def leave(self, sent: Mapping[str, str], browser: Browser, csrf_token: str) -> Departure:
        """Sign the user out, as he said. Raises InvalidRequest, CsrfMismatch."""
        departure, visitor = await self._look(sent, browser)
        if visitor is not None:
            refuse_forged(self.csrf, csrf_token, visitor)
            async with self.application.unit(self.context) as uow:
                await hold_admissions(uow, visitor.user.id)  # a client that is being let in waits, and finds the session over
                await SessionService(uow).end_several([visitor.session.id], "logout")
        return departure

    async def _look(self, sent: Mapping[str, str], browser: Browser) -> tuple[Departure, Visitor | None]:
        client_id = self._client_of(sent)
        async with self.application.reading(self.context) as uow:
            client = await ClientService(uow).named(client_id) if client_id else None
            visitor = await visitor_of(uow, browser)
        target = sent.get("post_logout_redirect_uri")
        if (client_id and client is None) or (
            target is not None and (client is None or target not in client.post_logout_redirect_uris)
        ):
            raise InvalidRequest(WRONG)
        name, token = client.name if client else None, self.csrf.of(visitor.session.id) if visitor else None
        return Departure(name, _with_state(target, sent.get("state")), visitor.user if visitor else None, token), visitor

    def _client_of(self, sent: Mapping[str, str]) -> str | None:
        hint, named = sent.get("id_token_hint"), sent.get("client_id")
        if hint is None:
            return named
        keys, issuer = self.application.resolve(AccessTokens).keys, self.application.settings.jwt_issuer
        told = IdTokens(keys, issuer).read_hint(hint)
        if told is None or (named is not None and named != told.client_id):
            raise InvalidRequest(WRONG)
        return told.client_id


def _with_state(url: str | None, state: str | None) -> str | None:
    if url is None or state is None:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode({'state': state})}"
