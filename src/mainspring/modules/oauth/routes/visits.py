"""One request of a browser to our pages: what it keeps for us, and whether one of our own pages sent it."""

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated

from fastapi import Depends

from mainspring.core import clock
from mainspring.core.application import Application
from mainspring.core.http import Answer, App, Cookie, Cookies, CookieSession, Reply
from mainspring.core.security.csrf import CsrfMismatch
from mainspring.modules.auth.rows import Tokens

from ..form_tokens import FormTokens, is_browser, new_browser
from ..workflows import Browser
from ..workflows.visiting import TOO_OLD

SITE, ORIGIN = "sec-fetch-site", "origin"
UNTOLD = "null"  # what a browser says for the origin of a page that tells nobody where it stands


class Visit:
    """The two cookies of our pages, SameSite=Lax because browsers come from other sites: who signed in, and which browser."""

    def __init__(self, application: Application, cookies: CookieSession, answer: Reply) -> None:
        self._application, self._cookies, self._answer = application, cookies, answer
        self._tokens = FormTokens([secret.get_secret_value() for secret in application.settings.session_secret])

    @cached_property
    def browser(self) -> Browser:
        """What the browser sent, or a new one. Raises TokenInvalid for two cookies of one name."""
        return Browser(self._cookies.read(self._name("Session")), self._known or new_browser())

    @cached_property
    def _known(self) -> str | None:
        sent = self._cookies.read(self._name("Browser"))
        return sent if sent is not None and is_browser(sent) else None

    def form_token(self) -> str:
        """What a form of the page carries. The browser keeps what proves it."""
        if self._known is None:
            self._answer.cookie(Cookie(self._name("Browser"), self.browser.id, None, "/", self._cookies.is_secure))
        return self._tokens.of(self.browser.id)

    def refuse_foreign(self, headers: Mapping[str, str], typed: Mapping[str, str]) -> None:
        """Raise CrossSite or CsrfMismatch unless a page of ours, shown to this browser, sent the form.

        Our pages tell no site where the browser comes from, so browsers without Fetch Metadata say `null` for ours too.
        """
        if SITE in headers or headers.get(ORIGIN, UNTOLD) != UNTOLD:
            self._cookies.refuse_cross_site()
        if self._known is None or not self._tokens.is_of(typed.get("form_token", ""), self._known):
            raise CsrfMismatch(TOO_OLD)

    def keep(self, tokens: Tokens) -> None:
        """Have the browser keep the session."""
        life = tokens.refresh_expires_at - clock.now()
        self._answer.cookie(Cookie(self._name("Session"), tokens.refresh_token, life, "/", self._cookies.is_secure))

    def forget(self) -> None:
        """Have the browser forget the session."""
        self._answer.cookie(Cookie.gone(self._name("Session"), secure=self._cookies.is_secure))

    def _name(self, name: str) -> str:
        return f"__Host-oauth{name}" if self._cookies.is_secure else f"oauth{name}"


async def visit_of(application: App, cookies: Cookies, answer: Answer) -> Visit:
    """The visit of the request."""
    return Visit(application, cookies, answer)


Visits = Annotated[Visit, Depends(visit_of)]
