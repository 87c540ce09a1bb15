"""The authorization endpoint and the page that asks for consent."""

from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.responses import Response

from mainspring.core.application import Application
from mainspring.core.http import App, CallContext, RawRequest
from mainspring.core.mail.templates import Templates

from ..errors import InvalidRequest
from ..forms import form_of, parameters_of
from ..workflows import AskConsent, AskSignIn, Authorizing, SendBack
from .documented import PAGE, form, query
from .pages import PATHS, Errand, consent_page, elsewhere, for_people, sign_in_page
from .router import root_router
from .visits import Visit, Visits

NAME = "authorize"
AUTHORIZE = PATHS[NAME]
STYLE_SECONDS = 3600
REQUEST = dict.fromkeys(  # what else is wrong with them the client is told, by a redirect
    (
        *("response_type", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method", "nonce", "prompt"),
        *("login_hint", "max_age", "request_uri"),
    ),
    "",
)
DECISION = {"decision": "allow deny", "form_token": ""}


class StyleSheet(Response):
    """An answer in CSS."""

    media_type = "text/css"


@root_router.get(AUTHORIZE, **PAGE, openapi_extra=query("client_id", **REQUEST))
async def authorize(sent: RawRequest, application: App, context: CallContext, visit: Visits) -> Response:
    """Let a client in: the browser comes from there, and goes back with a code. Asks for a sign-in and for consent on the way."""

    async def deed() -> Response:
        outcome = await Authorizing(application, context).consider(parameters_of(sent.query), visit.browser)
        return shown(application, visit, sent.query, outcome)

    return await for_people(application, deed)


@root_router.post(AUTHORIZE, **PAGE, openapi_extra=form(client_id="", **REQUEST))
async def authorize_by_form(sent: RawRequest, application: App) -> Response:
    """The same for clients whose request is a form (OpenID Connect Core 3.1.2.1)."""

    async def deed() -> Response:
        return elsewhere(f"{AUTHORIZE}?{urlencode(form_of(sent.headers, sent.body))}")

    return await for_people(application, deed)


@root_router.post("/oauth/consent", **PAGE, openapi_extra=form("request", "csrf_token", **DECISION))
async def decide_on_page(sent: RawRequest, application: App, context: CallContext, visit: Visits) -> Response:
    """The form of the consent page."""

    async def deed() -> Response:
        typed = form_of(sent.headers, sent.body)
        visit.refuse_foreign(sent.headers, typed)
        request, allowed = typed.get("request", ""), is_allowed(typed)
        outcome = await Authorizing(application, context).decide(
            parameters_of(request), visit.browser, typed.get("csrf_token", ""), allowed=allowed
        )
        return shown(application, visit, request, outcome)

    return await for_people(application, deed)


@root_router.get("/oauth/style.css", response_class=StyleSheet)
async def get_oauth_style(application: App) -> Response:
    """The style sheet of the pages; `TEMPLATES_DIR/oauth/style.css` takes its place."""
    text = application.resolve(Templates).page("oauth/style.css", {})
    return Response(text, headers={"Cache-Control": f"public, max-age={STYLE_SECONDS}"}, media_type=StyleSheet.media_type)


def is_allowed(typed: Mapping[str, str]) -> bool:
    """Which button was pressed. Raises InvalidRequest for none."""
    decision = typed.get("decision")
    if decision not in ("allow", "deny"):
        raise InvalidRequest()
    return decision == "allow"


def shown(application: Application, visit: Visit, request: str, outcome: SendBack | AskSignIn | AskConsent) -> Response:
    """The page that comes next, or the way back to the client."""
    if isinstance(outcome, SendBack):
        return elsewhere(outcome.url)
    errand = Errand(NAME, request, outcome.wish)
    if isinstance(outcome, AskSignIn):
        return sign_in_page(application, errand, visit.form_token(), email=outcome.wish.login_hint or "")
    again = urlencode({**parameters_of(request), "prompt": "login"})
    return consent_page(application, outcome, errand, visit.form_token(), f"{AUTHORIZE}?{again}")
