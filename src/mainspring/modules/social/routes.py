"""Signing in with outside accounts, and the links that open one's own, over REST."""

import json
from typing import Annotated, Any
from urllib.parse import parse_qsl
from uuid import UUID

from fastapi import Query

from mainspring.core.http import (
    Answer,
    App,
    CallContext,
    Cookies,
    PageOut,
    RawRequest,
    ReadUnit,
    Reply,
    Router,
    WriteUnit,
    problems,
    shown_once,
)
from mainspring.core.http.cookie_sessions import CookieSession
from mainspring.core.security.guard import CurrentPerson, RecentlyAuthenticated, public
from mainspring.core.security.refusals import StepUpRequired
from mainspring.core.security.same_origin import CrossSite
from mainspring.modules.auth.errors import EmailUnverified
from mainspring.modules.auth.schemas.answering import SignInOut, answered, entered
from mainspring.modules.auth.service import Replacing

from .browser_cookies import BrowserCookies
from .errors import (
    AttemptInvalid,
    HandoverInvalid,
    LastWayIn,
    LinkNotFound,
    LogoutTokenInvalid,
    NextRefused,
    ProviderNotFound,
    ProviderUnavailable,
)
from .ports import Providers
from .schemas import (
    AddressOut,
    BeginLink,
    BeginQuery,
    HeardOut,
    LinkOut,
    LinkQuery,
    ProviderOut,
    ProvidersOut,
    ReturnQuery,
    TakeSession,
)
from .service import LinkService, Wish
from .workflows import Beginning, Brought, HearingLogouts, Returned, Returning, Taking

router = Router(prefix="/auth/social", tags=["social"], never_stored=True)

FORM = "application/x-www-form-urlencoded"
LONGEST_FORM = 32_768
MOST_FIELDS = 20
BEGINNING = problems(ProviderNotFound, ProviderUnavailable, NextRefused)
RETURNING = problems(ProviderNotFound, AttemptInvalid)
HEARING = problems(ProviderNotFound, LogoutTokenInvalid, ProviderUnavailable)


@router.get("/providers", dependencies=[public])
async def list_social_providers(application: App) -> ProvidersOut:
    """The outside accounts that one can sign in with here."""
    return ProvidersOut(data=[ProviderOut(name=one.name, label=one.label) for one in application.resolve(Providers).all()])


@router.get("/{provider}/authorize", status_code=302, dependencies=[public], responses=BEGINNING)
async def begin_social_sign_in(
    provider: str,
    query: Annotated[BeginQuery, Query()],
    application: App,
    context: CallContext,
    answer: Answer,
    cookies: Cookies,
) -> None:
    """Send the browser to a provider; it comes back to `next` signed in, or with a code to trade at `/auth/social/exchange`."""
    keeper = BrowserCookies.of(application, provider)
    beginning = Beginning(application, context)
    wish = Wish(query.transport, query.next or "", query.code_challenge)
    sent = await beginning.run(provider, wish, cookies.read(keeper.name))
    answer.cookie(keeper.keep(sent.browser))
    _go(answer, sent.address)


@router.get("/{provider}/callback", status_code=302, dependencies=[public], responses=RETURNING)
async def finish_social_sign_in(
    provider: str,
    query: Annotated[ReturnQuery, Query()],
    application: App,
    context: CallContext,
    answer: Answer,
    cookies: Cookies,
) -> None:
    """Where providers send the browser back."""
    before = cookies.refresh_token()
    brought = Brought(query.state, query.code, query.error, query.iss)
    browser = cookies.read(BrowserCookies.of(application, provider).name)
    returned = await Returning(application, context).run(provider, brought, browser, posted=False)
    await _arrive(returned, before, application, context, answer, cookies)


@router.post("/{provider}/callback", status_code=302, dependencies=[public], responses=RETURNING)
async def finish_social_sign_in_by_form(
    provider: str, sent: RawRequest, application: App, context: CallContext, answer: Answer, cookies: Cookies
) -> None:
    """The same for providers that have the browser post a form, as Apple does."""
    before = cookies.refresh_token()
    form = _form(sent.headers.get("content-type", ""), sent.body)
    brought = Brought(form.get("state"), form.get("code"), form.get("error"), form.get("iss"), _name(form.get("user")))
    browser = cookies.read(BrowserCookies.of(application, provider).name)
    returned = await Returning(application, context).run(provider, brought, browser, posted=True)
    await _arrive(returned, before, application, context, answer, cookies)


@router.post("/{provider}/backchannel-logout", dependencies=[public], responses=HEARING)
async def hear_social_logout(provider: str, sent: RawRequest, application: App, context: CallContext) -> HeardOut:
    """Where a provider says that somebody signed out there, by a form with a `logout_token` (OpenID Back-Channel Logout).

    What began with that sign-in ends here too.
    """
    try:
        token = _form(sent.headers.get("content-type", ""), sent.body).get("logout_token")
    except AttemptInvalid:
        raise LogoutTokenInvalid() from None
    await HearingLogouts(application, context).run(provider, token)
    return HeardOut()


@router.post("/exchange", dependencies=[public, shown_once], responses=problems(HandoverInvalid, EmailUnverified, CrossSite))
async def take_social_session(
    body: TakeSession, application: App, context: CallContext, answer: Answer, cookies: Cookies
) -> SignInOut:
    """Trade the code that came with `next` for the session, within a minute and once; a second factor is still asked for."""

    def confirm(transport: str) -> None:
        if transport == "cookie":
            cookies.refuse_cross_site()

    before = cookies.refresh_token()
    browsers = [found for name in BrowserCookies.names(application) if (found := cookies.read(name)) is not None]
    outcome = await Taking(application, context).run(body, browsers, confirm)
    await Replacing(application, context).run(outcome, before)
    return answered(answer, cookies, outcome)


@router.post("/{provider}/link", dependencies=[shown_once], responses={**BEGINNING, **problems(StepUpRequired)})
async def begin_social_link(
    provider: str,
    body: BeginLink,
    caller: RecentlyAuthenticated,
    application: App,
    context: CallContext,
    answer: Answer,
    cookies: Cookies,
) -> AddressOut:
    """Where to send this browser so that an outside account opens one's own from then on."""
    keeper = BrowserCookies.of(application, provider)
    beginning = Beginning(application, context)
    sent = await beginning.run(provider, Wish("link", body.next or ""), cookies.read(keeper.name), caller)
    answer.cookie(keeper.keep(sent.browser))
    answer.header("Cache-Control", "no-store")
    return AddressOut(authorize_url=sent.address)


@router.get("/links")
async def list_social_links(query: Annotated[LinkQuery, Query()], caller: CurrentPerson, uow: ReadUnit) -> PageOut[LinkOut]:
    """The outside accounts that open one's own."""
    found = await LinkService(uow).listed(caller.id, query)
    return PageOut[LinkOut].of(found)


@router.delete("/links/{id}", status_code=204, responses=problems(LinkNotFound, LastWayIn, StepUpRequired))
async def remove_social_link(id: UUID, caller: RecentlyAuthenticated, uow: WriteUnit) -> None:
    """Let an outside account open one's own no more. The last way in stays."""
    await LinkService(uow).remove(caller.id, id)


async def _arrive(
    returned: Returned, before: str | None, application: App, context: CallContext, answer: Reply, cookies: CookieSession
) -> None:
    if returned.signed_in is not None:
        await Replacing(application, context).run(returned.signed_in, before)
        entered(answer, cookies, returned.signed_in)
    _go(answer, returned.address)


def _go(answer: Reply, address: str) -> None:
    answer.header("Cache-Control", "no-store")
    answer.location(address)


def _form(kind: str, body: bytes) -> dict[str, str]:
    """The fields of a form. Raises AttemptInvalid for anything else, and for a field that comes twice."""
    if kind.partition(";")[0].strip().lower() != FORM or len(body) > LONGEST_FORM:
        raise AttemptInvalid()
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise AttemptInvalid() from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise AttemptInvalid()
    return fields


def _name(user: str | None) -> str | None:
    """What the person is called: Apple tells it once, beside the proof, so it is a wish and no fact."""
    try:
        said: Any = json.loads(user) if user else None
    except ValueError:
        return None
    name = said.get("name") if isinstance(said, dict) else None
    if not isinstance(name, dict):
        return None
    parts = [name.get(part) for part in ("firstName", "lastName")]
    return " ".join(part for part in parts if isinstance(part, str)).strip()[:200] or None
