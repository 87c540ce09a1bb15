"""Our own pages: plain HTML without scripts, in no frame, from templates that an application may replace."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from starlette.responses import Response

from mainspring.core.application import Application
from mainspring.core.errors import MainspringError, TooManyRequests, Unauthenticated, Unavailable
from mainspring.core.http.problems import status_of
from mainspring.core.mail.templates import Templates

from ..redirects import origin_of
from ..rows import REFRESH, ClientRow, Wish
from ..scopes import described
from ..workflows import AskConsent, AskDevice, Departure

POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
NEVER_TOLD = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
AGAIN = (Unauthenticated, TooManyRequests, Unavailable)  # what a person may correct by typing once more, or a bit later
PATHS: Mapping[str, str] = {"authorize": "/oauth/authorize", "device": "/oauth/device"}


@dataclass(frozen=True, slots=True)
class Errand:
    """What somebody signs in for: one of our own pages, and the query that it goes on with."""

    name: str
    request: str
    wish: Wish | None = None

    @property
    def path(self) -> str:
        """The page that comes next. Only ours have names."""
        return PATHS[self.name]

    @property
    def policy(self) -> str:
        """Forms lead to our own addresses and to the client's, for browsers hold its redirects to the policy too."""
        return POLICY if self.wish is None else f"{POLICY} {origin_of(self.wish.redirect_uri)}"

    @property
    def values(self) -> dict[str, object]:
        """What the pages of the errand show and send."""
        return {"errand": self.name, "request": self.request, "client_name": self.wish.client.name if self.wish else None}


def sign_in_page(
    application: Application, errand: Errand, form_token: str, *, email: str = "", problem: MainspringError | None = None
) -> Response:
    """Asks for address and password."""
    values = {**errand.values, "form_token": form_token, "email": email}
    return _page(application, "sign_in", values, errand.policy, problem)


def code_page(
    application: Application, errand: Errand, form_token: str, mfa_token: str, problem: MainspringError | None = None
) -> Response:
    """Asks for the second factor."""
    values = {**errand.values, "form_token": form_token, "mfa_token": mfa_token}
    return _page(application, "second_factor", values, errand.policy, problem)


def consent_page(application: Application, asked: AskConsent, errand: Errand, form_token: str, as_another: str) -> Response:
    """Asks whether the client may: which one, where it leads, for whom, what, and how long (ASVS 10.7.2)."""
    wish = asked.wish
    values = {
        **errand.values,
        **_asking(application, wish.client, wish.scopes),
        "form_token": form_token,
        "csrf_token": asked.csrf_token,
        "email": asked.user.email,
        "destination": origin_of(wish.redirect_uri),
        "as_another": as_another,
    }
    return _page(application, "consent", values, errand.policy)


def device_page(
    application: Application, form_token: str, *, user_code: str = "", problem: MainspringError | None = None
) -> Response:
    """Asks for the code that the screen of a device shows."""
    return _page(application, "device", {"form_token": form_token, "user_code": user_code}, POLICY, problem)


def device_consent_page(application: Application, asked: AskDevice, user_code: str, form_token: str) -> Response:
    """Asks whether the device may."""
    values = {
        **_asking(application, asked.client, asked.scopes),
        "form_token": form_token,
        "csrf_token": asked.csrf_token,
        "email": asked.user.email,
        "user_code": user_code,
    }
    return _page(application, "device_consent", values, POLICY)


def sign_out_page(application: Application, departure: Departure, request: str, form_token: str) -> Response:
    """Asks whether to sign out."""
    values = {
        "client_name": departure.client_name,
        "email": departure.user.email if departure.user else "",
        "csrf_token": departure.csrf_token,
        "form_token": form_token,
        "request": request,
    }
    return _page(application, "sign_out", values, _policy_to(departure.url))


def done_page(application: Application, title: str, message: str) -> Response:
    """Says that there is nothing left to do here."""
    return _page(application, "done", {"title": title, "message": message}, POLICY)


def problem_page(application: Application, problem: MainspringError) -> Response:
    """What went wrong, for people."""
    return _page(application, "problem", {"message": str(problem)}, POLICY, problem)


def elsewhere(url: str) -> Response:
    """Go there, with GET whatever this was (RFC 9700 4.12)."""
    return Response(status_code=HTTPStatus.SEE_OTHER, headers={"Location": url, **NEVER_TOLD})


async def for_people(application: Application, deed: Callable[[], Awaitable[Response]]) -> Response:
    """What the deed shows, or a page that says what is wrong."""
    try:
        return await deed()
    except MainspringError as problem:
        if status_of(type(problem)) >= 500 and not isinstance(problem, Unavailable):
            raise
        return problem_page(application, problem)


def _asking(application: Application, client: ClientRow, scopes: tuple[str, ...] | list[str]) -> dict[str, object]:
    minutes = int(application.settings.access_token_ttl.total_seconds() // 60)
    return {
        "client_name": client.name,
        "is_unchecked": client.registered_itself,
        "scopes": [described(scope) for scope in scopes],
        "minutes": None if REFRESH in client.grants else minutes,
    }


def _policy_to(url: str | None) -> str:
    return POLICY if url is None else f"{POLICY} {origin_of(url)}"


def _page(
    application: Application, name: str, values: Mapping[str, object], policy: str, problem: MainspringError | None = None
) -> Response:
    headers = {"Content-Security-Policy": policy, **NEVER_TOLD}
    if isinstance(problem, TooManyRequests | Unavailable):
        headers["Retry-After"] = str(max(1, round(problem.retry_after)))
    text = application.resolve(Templates).page(f"oauth/{name}.html", {"problem": str(problem) if problem else None, **values})
    # a page is no answer to a bearer token, so it says 403 where an API says 401 with a challenge
    status = status_of(type(problem)) if problem else 200
    return Response(text, 403 if status == 401 else status, headers, "text/html")
