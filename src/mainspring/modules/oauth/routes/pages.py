"""Our own pages: plain HTML without scripts, in no frame, from templates that an application may replace."""

from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import Response

from mainspring.core.application import Application
from mainspring.core.errors import MainspringError, TooManyRequests, Unavailable
from mainspring.core.http.problems import status_of
from mainspring.core.mail.templates import Templates

from ..redirects import origin_of
from ..rows import REFRESH, Wish
from ..scopes import described
from ..workflows import AskConsent

POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"


def sign_in_page(
    application: Application, wish: Wish, request: str, *, email: str = "", problem: MainspringError | None = None
) -> Response:
    """Asks for address and password."""
    return _form(application, "sign_in", wish, {"request": request, "email": email}, problem)


def code_page(
    application: Application, wish: Wish, request: str, mfa_token: str, problem: MainspringError | None = None
) -> Response:
    """Asks for the second factor."""
    return _form(application, "second_factor", wish, {"request": request, "mfa_token": mfa_token}, problem)


def consent_page(application: Application, asked: AskConsent, request: str, as_another: str) -> Response:
    """Asks whether the client may: which one, where it leads, for whom, what, and how long (ASVS 10.7.2)."""
    wish = asked.wish
    minutes = int(application.settings.access_token_ttl.total_seconds() // 60)
    values = {
        "request": request,
        "csrf_token": asked.csrf_token,
        "email": asked.user.email,
        "destination": origin_of(wish.redirect_uri),
        "scopes": [described(scope) for scope in wish.scopes],
        "minutes": None if REFRESH in wish.client.grants else minutes,
        "as_another": as_another,
    }
    return _form(application, "consent", wish, values, None)


def problem_page(application: Application, problem: MainspringError) -> Response:
    """What went wrong, for people."""
    return _page(application, "problem", {"message": str(problem)}, POLICY, problem)


def elsewhere(url: str) -> Response:
    """Go there, with GET whatever this was (RFC 9700 4.12)."""
    return Response(status_code=HTTPStatus.SEE_OTHER, headers={"Location": url, "Cache-Control": "no-store"})


def _form(
    application: Application, name: str, wish: Wish, values: Mapping[str, object], problem: MainspringError | None
) -> Response:
    """A page whose form leads to our own addresses and to the client's, for browsers hold its redirects to the policy too."""
    told = {**values, "client_name": wish.client.name, "problem": str(problem) if problem else None}
    return _page(application, name, told, f"{POLICY} {origin_of(wish.redirect_uri)}", problem)


def _page(
    application: Application, name: str, values: Mapping[str, object], policy: str, problem: MainspringError | None
) -> Response:
    headers = {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        # with no-referrer a form of ours would say `Origin: null`, and could not be told from others'
        "Referrer-Policy": "same-origin",
    }
    if isinstance(problem, TooManyRequests | Unavailable):
        headers["Retry-After"] = str(max(1, round(problem.retry_after)))
    text = application.resolve(Templates).page(f"oauth/{name}.html", values)
    # a page is no answer to a bearer token, so it says 403 where an API says 401 with a challenge
    status = status_of(type(problem)) if problem else 200
    return Response(text, 403 if status == 401 else status, headers, "text/html")
