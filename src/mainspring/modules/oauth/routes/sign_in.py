"""Signing in on our own pages, on the way to something else that stands here."""

from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.responses import Response

from mainspring.core.application import Application
from mainspring.core.context import Context
from mainspring.core.http import App, CallContext, RawRequest
from mainspring.modules.auth.rows import Entered, MfaRequired

from ..errors import InvalidRequest
from ..forms import form_of, parameters_of
from ..workflows import AskSignIn, Authorizing, Browser, SigningIn
from . import authorize
from .documented import PAGE, form
from .pages import AGAIN, PATHS, Errand, code_page, elsewhere, for_people, sign_in_page
from .router import root_router
from .visits import Visit, Visits

ERRAND = {"errand": " ".join(PATHS), "request": "", "form_token": ""}


@root_router.post("/oauth/sign-in", **PAGE, openapi_extra=form("email", "password", **ERRAND))
async def sign_in_on_page(sent: RawRequest, application: App, context: CallContext, visit: Visits) -> Response:
    """The form of the sign-in page."""

    async def deed() -> Response:
        typed = form_of(sent.headers, sent.body)
        errand = await _errand(application, context, visit, sent.headers, typed)
        if isinstance(errand, Response):
            return errand
        email, deeds = typed.get("email", ""), SigningIn(application, context)
        try:
            outcome = await deeds.by_password(email, typed.get("password", ""), visit.browser.session)
        except AGAIN as refused:
            return sign_in_page(application, errand, visit.form_token(), email=email, problem=refused)
        if isinstance(outcome, MfaRequired):
            return code_page(application, errand, visit.form_token(), outcome.token)
        return _entered(visit, errand, outcome)

    return await for_people(application, deed)


@root_router.post("/oauth/sign-in/code", **PAGE, openapi_extra=form("mfa_token", "code", **ERRAND))
async def verify_on_page(sent: RawRequest, application: App, context: CallContext, visit: Visits) -> Response:
    """The form of the page that asks for the second factor."""

    async def deed() -> Response:
        typed = form_of(sent.headers, sent.body)
        errand = await _errand(application, context, visit, sent.headers, typed)
        if isinstance(errand, Response):
            return errand
        mfa_token, deeds = typed.get("mfa_token", ""), SigningIn(application, context)
        try:
            entered = await deeds.by_second_factor(mfa_token, typed.get("code", ""), visit.browser.session)
        except AGAIN as refused:
            return code_page(application, errand, visit.form_token(), mfa_token, problem=refused)
        return _entered(visit, errand, entered)

    return await for_people(application, deed)


async def _errand(
    application: Application, context: Context, visit: Visit, headers: Mapping[str, str], typed: Mapping[str, str]
) -> Errand | Response:
    """What the user signs in for, or the answer when that needs no sign-in. Raises InvalidRequest, CrossSite, CsrfMismatch."""
    visit.refuse_foreign(headers, typed)
    name, request = typed.get("errand", ""), typed.get("request", "")
    if name not in PATHS:
        raise InvalidRequest()
    sent = parameters_of(request)
    if name != authorize.NAME:
        return Errand(name, request)
    asked = await Authorizing(application, context).consider(sent, Browser(None, visit.browser.id))
    if isinstance(asked, AskSignIn):
        return Errand(name, request, asked.wish)
    return authorize.shown(application, visit, request, asked)


def _entered(visit: Visit, errand: Errand, entered: Entered) -> Response:
    """Have the browser keep the session, and go on."""
    visit.keep(entered.tokens)
    return elsewhere(f"{errand.path}?{_going_on(parameters_of(errand.request))}")


def _going_on(request: Mapping[str, str]) -> str:
    """The request without what the sign-in has fulfilled just now; whether it did, the client reads in `auth_time`."""
    prompts = [prompt for prompt in request.get("prompt", "").split() if prompt != "login"]
    left = {name: value for name, value in request.items() if name not in ("prompt", "max_age")}
    return urlencode({**left, "prompt": " ".join(prompts)} if prompts else left)
