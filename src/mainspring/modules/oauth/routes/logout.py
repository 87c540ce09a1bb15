"""Signing out because a client asks for it (OpenID Connect RP-Initiated Logout 1.0). The user is asked first (ASVS 10.6.2)."""

from starlette.responses import Response

from mainspring.core.application import Application
from mainspring.core.context import Context
from mainspring.core.http import App, CallContext, RawRequest

from ..forms import form_of, parameters_of
from ..workflows import Departure, Leaving
from .authorize import DECISION, is_allowed
from .documented import PAGE, form, query
from .pages import done_page, elsewhere, for_people, sign_out_page
from .router import root_router
from .visits import Visit, Visits

LOGOUT = "/oauth/logout"
REQUEST = dict.fromkeys(("client_id", "post_logout_redirect_uri", "state"), "")
HINT = {"id_token_hint": ""}  # read from the query too, as OpenID asks; the document names it for the form, where no log sees it


@root_router.get(LOGOUT, **PAGE, openapi_extra=query(**REQUEST))
async def ask_to_sign_out(sent: RawRequest, application: App, context: CallContext, visit: Visits) -> Response:
    """Ask whether to sign out. Whoever is not signed in here goes on at once."""

    async def deed() -> Response:
        return await _asked(application, context, visit, sent.query)

    return await for_people(application, deed)


@root_router.post(LOGOUT, **PAGE, openapi_extra=form(**REQUEST, **HINT, **DECISION))
async def sign_out_on_page(sent: RawRequest, application: App, context: CallContext, visit: Visits) -> Response:
    """The form of that page; without its button pressed, the same question for clients whose request is a form."""

    async def deed() -> Response:
        typed = form_of(sent.headers, sent.body)
        if "decision" not in typed:
            return await _asked(application, context, visit, sent.body.decode("ascii"))
        visit.refuse_foreign(sent.headers, typed)
        leaving, request = Leaving(application, context), parameters_of(typed.get("request", ""))
        if not is_allowed(typed):
            return done_page(application, "You are still signed in", "Nothing has changed. You can close this page.")
        departure = await leaving.leave(request, visit.browser, typed.get("csrf_token", ""))
        visit.forget()
        return _gone(application, departure)

    return await for_people(application, deed)


async def _asked(application: Application, context: Context, visit: Visit, request: str) -> Response:
    departure = await Leaving(application, context).consider(parameters_of(request), visit.browser)
    if departure.user is None:
        return _gone(application, departure)
    return sign_out_page(application, departure, request, visit.form_token())


def _gone(application: Application, departure: Departure) -> Response:
    if departure.url is not None:
        return elsewhere(departure.url)
    return done_page(application, "You are signed out", "You can close this page.")
