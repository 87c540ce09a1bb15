"""The authorization endpoint and its pages: signing in, the second factor, consent."""

from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import urlencode

from starlette.responses import Response

from mainspring.core import clock
from mainspring.core.application import Application
from mainspring.core.errors import MainspringError, TooManyRequests, Unauthenticated, Unavailable
from mainspring.core.http import Answer, App, CallContext, Cookie, Cookies, CookieSession, RawRequest, Reply
from mainspring.core.http.problems import status_of
from mainspring.core.mail.templates import Templates
from mainspring.modules.auth.rows import Entered, MfaRequired

from ..errors import InvalidRequest
from ..forms import form_of, parameters_of
from ..workflows import AskConsent, AskSignIn, Authorizing, SendBack, SigningIn
from .pages import code_page, consent_page, elsewhere, problem_page, sign_in_page
from .router import root_router

AUTHORIZE = "/oauth/authorize"
STYLE_SECONDS = 3600
AGAIN = (Unauthenticated, TooManyRequests, Unavailable)  # what a person may correct by typing once more, or a bit later


@root_router.get(AUTHORIZE)
async def authorize(sent: RawRequest, application: App, context: CallContext, cookies: Cookies) -> Response:
    """Let a client in: the browser comes from there, and goes back with a code. Asks for a sign-in and for consent on the way."""

    async def deed() -> Response:
        request = parameters_of(sent.query)
        browser = cookies.read(_cookie_name(cookies))
        return _shown(application, sent.query, await Authorizing(application, context).consider(request, browser))

    return await _for_people(application, deed)


@root_router.post(AUTHORIZE)
async def authorize_by_form(sent: RawRequest, application: App) -> Response:
    """The same for clients whose request is a form (OpenID Connect Core 3.1.2.1)."""

    async def deed() -> Response:
        return elsewhere(f"{AUTHORIZE}?{urlencode(form_of(sent.headers, sent.body))}")

    return await _for_people(application, deed)


@root_router.post("/oauth/sign-in")
async def sign_in_on_page(sent: RawRequest, application: App, context: CallContext, answer: Answer, cookies: Cookies) -> Response:
    """The form of the sign-in page."""

    async def deed() -> Response:
        cookies.refuse_cross_site()
        typed = form_of(sent.headers, sent.body)
        request = typed.get("request", "")
        asked = await Authorizing(application, context).consider(parameters_of(request), None)
        if not isinstance(asked, AskSignIn):
            return _shown(application, request, asked)
        email, browser = typed.get("email", ""), cookies.read(_cookie_name(cookies))
        try:
            outcome = await SigningIn(application, context).by_password(email, typed.get("password", ""), browser)
        except AGAIN as refused:
            return sign_in_page(application, asked.wish, request, email=email, problem=refused)
        if isinstance(outcome, MfaRequired):
            return code_page(application, asked.wish, request, outcome.token)
        return _entered(answer, cookies, request, outcome)

    return await _for_people(application, deed)


@root_router.post("/oauth/sign-in/code")
async def verify_on_page(sent: RawRequest, application: App, context: CallContext, answer: Answer, cookies: Cookies) -> Response:
    """The form of the page that asks for the second factor."""

    async def deed() -> Response:
        cookies.refuse_cross_site()
        typed = form_of(sent.headers, sent.body)
        request, mfa_token = typed.get("request", ""), typed.get("mfa_token", "")
        asked = await Authorizing(application, context).consider(parameters_of(request), None)
        if not isinstance(asked, AskSignIn):
            return _shown(application, request, asked)
        browser = cookies.read(_cookie_name(cookies))
        try:
            entered = await SigningIn(application, context).by_second_factor(mfa_token, typed.get("code", ""), browser)
        except AGAIN as refused:
            return code_page(application, asked.wish, request, mfa_token, problem=refused)
        return _entered(answer, cookies, request, entered)

    return await _for_people(application, deed)


@root_router.post("/oauth/consent")
async def decide_on_page(sent: RawRequest, application: App, context: CallContext, cookies: Cookies) -> Response:
    """The form of the consent page."""

    async def deed() -> Response:
        cookies.refuse_cross_site()
        typed = form_of(sent.headers, sent.body)
        request, decision = typed.get("request", ""), typed.get("decision")
        if decision not in ("allow", "deny"):
            raise InvalidRequest()
        browser = cookies.read(_cookie_name(cookies))
        outcome = await Authorizing(application, context).decide(
            parameters_of(request), browser, typed.get("csrf_token", ""), allowed=decision == "allow"
        )
        return _shown(application, request, outcome)

    return await _for_people(application, deed)


@root_router.get("/oauth/style.css")
async def get_oauth_style(application: App) -> Response:
    """The style sheet of the pages; `TEMPLATES_DIR/oauth/style.css` takes its place."""
    text = application.resolve(Templates).page("oauth/style.css", {})
    return Response(text, headers={"Cache-Control": f"public, max-age={STYLE_SECONDS}"}, media_type="text/css")


async def _for_people(application: Application, deed: Callable[[], Awaitable[Response]]) -> Response:
    """What the deed shows, or a page that says what is wrong."""
    try:
        return await deed()
    except MainspringError as problem:
        if status_of(type(problem)) >= 500 and not isinstance(problem, Unavailable):
            raise
        return problem_page(application, problem)


def _shown(application: Application, request: str, outcome: SendBack | AskSignIn | AskConsent) -> Response:
    if isinstance(outcome, SendBack):
        return elsewhere(outcome.url)
    if isinstance(outcome, AskSignIn):
        return sign_in_page(application, outcome.wish, request, email=outcome.wish.login_hint or "")
    return consent_page(application, outcome, request, f"{AUTHORIZE}?{_asking_again(parameters_of(request))}")


def _entered(answer: Reply, cookies: CookieSession, request: str, entered: Entered) -> Response:
    """Have the browser keep the session, and go on with the request. SameSite=Lax, as the browser comes from another site."""
    tokens = entered.tokens
    life = tokens.refresh_expires_at - clock.now()
    answer.cookie(Cookie(_cookie_name(cookies), tokens.refresh_token, life, "/", cookies.is_secure))
    return elsewhere(f"{AUTHORIZE}?{_going_on(parameters_of(request))}")


def _cookie_name(cookies: CookieSession) -> str:
    return "__Host-oauthSession" if cookies.is_secure else "oauthSession"


def _going_on(request: Mapping[str, str]) -> str:
    """The request without what the sign-in has fulfilled just now; whether it did, the client reads in `auth_time`."""
    prompts = [prompt for prompt in request.get("prompt", "").split() if prompt != "login"]
    left = {name: value for name, value in request.items() if name not in ("prompt", "max_age")}
    return urlencode({**left, "prompt": " ".join(prompts)} if prompts else left)


def _asking_again(request: Mapping[str, str]) -> str:
    """The request of somebody who wants to be another."""
    return urlencode({**request, "prompt": "login"})
