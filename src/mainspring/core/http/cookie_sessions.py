"""Sessions in cookies, for routes that begin, renew or end one; everybody else is told by the guard who is asking."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from ..security.csrf import CsrfTokens
from ..security.principal import Principal
from ..security.same_origin import refuse_cross_site
from ..security.session_cookies import REFRESH_PATH, SessionCookies, only_cookie
from . import exchange as exchanges
from .cookies import Cookie
from .dependencies import Reply


@dataclass(frozen=True, slots=True)
class Kept:
    """What the cookies of a session hold, and for how long."""

    access_token: str = field(repr=False)
    access_life: timedelta
    refresh_token: str = field(repr=False)
    refresh_life: timedelta


class CookieSession:
    """The cookies of one request and its answer."""

    __slots__ = ("_csrf", "_exchange", "_names")

    def __init__(self, exchange: exchanges.Exchange) -> None:
        self._exchange = exchange
        self._names = exchange.application.resolve(SessionCookies)
        self._csrf = exchange.application.resolve(CsrfTokens)

    def refresh_token(self) -> str | None:
        """The refresh token that the browser sent. Raises TokenInvalid for two."""
        sent = only_cookie(self._exchange.scope["headers"], self._names.refresh.encode())
        return None if sent is None else sent.decode("latin-1")

    @property
    def is_secure(self) -> bool:
        """Whether cookies are for TLS only, and may have names that browsers guard (`__Host-`)."""
        return self._names.is_secure

    def read(self, name: str) -> str | None:
        """Another cookie of ours. Raises TokenInvalid for two of that name."""
        sent = only_cookie(self._exchange.scope["headers"], name.encode())
        return None if sent is None else sent.decode("latin-1")

    async def caller(self) -> Principal | None:
        """Who asks, by the credential that everything else goes by. Raises Unauthenticated for one that is not accepted."""
        return await self._exchange.caller()

    def refuse_cross_site(self) -> None:
        """Raise CrossSite unless one of our own pages asks; else another site could sign its visitors in as its own user."""
        refuse_cross_site(self._exchange.scope["headers"], self._exchange.application.authenticator.origins)

    def refuse_forged(self, session_id: UUID) -> None:
        """Raise CsrfMismatch unless the request carries the token of the session."""
        self._csrf.refuse_forged(self._exchange.scope["headers"], session_id, None)

    def csrf_token(self, session_id: UUID) -> str:
        """What pages of this session send as `X-CSRF-Token`."""
        return self._csrf.of(session_id)

    def keep(self, kept: Kept) -> None:
        """Have the browser keep the session."""
        self._set(self._names.access, kept.access_token, kept.access_life, "/")
        self._set(self._names.refresh, kept.refresh_token, kept.refresh_life, REFRESH_PATH)

    def keep_device(self, token: str, life: timedelta) -> None:
        """Have the browser keep what tells it from a stranger's; signing out leaves it there."""
        self._set(self._names.device, token, life, REFRESH_PATH)

    def forget(self) -> None:
        """Have the browser forget the session, if it sent one."""
        sent = b"; ".join(value for name, value in self._exchange.scope["headers"] if name == b"cookie")
        for name, path in ((self._names.access, "/"), (self._names.refresh, REFRESH_PATH)):
            if name.encode() in sent:
                self._set(name, "", timedelta(0), path)

    def _set(self, name: str, value: str, life: timedelta, path: str) -> None:
        cookie = Cookie(name, value, life, path, self._names.is_secure, same_site=self._names.same_site)
        Reply(self._exchange).cookie(cookie)


async def cookies_of_request(request: Request) -> CookieSession:
    """The cookies of the request."""
    return CookieSession(exchanges.of(request.scope))


Cookies = Annotated[CookieSession, Depends(cookies_of_request)]
