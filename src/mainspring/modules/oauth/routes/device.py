"""The pages where somebody lets a device in (RFC 8628 3.3)."""

from urllib.parse import urlencode

from starlette.responses import Response

from mainspring.core.errors import TooManyRequests, Unavailable
from mainspring.core.http import App, CallContext, RawRequest

from ..errors import UserCodeUnknown
from ..forms import form_of, parameters_of
from ..proofs import LONGEST_TYPED
from ..workflows import Verifying
from .authorize import DECISION, is_allowed
from .documented import PAGE, form, query
from .pages import PATHS, Errand, device_consent_page, device_page, done_page, for_people, sign_in_page
from .router import root_router
from .visits import Visits

NAME = "device"
DEVICE = PATHS[NAME]


@root_router.get(DEVICE, **PAGE, openapi_extra=query(user_code=""))
async def show_device_page(sent: RawRequest, application: App, visit: Visits) -> Response:
    """Where the owner of a device types its code. One that came with the address is filled in, and still to be confirmed."""

    async def deed() -> Response:
        return device_page(application, visit.form_token(), user_code=parameters_of(sent.query).get("user_code", ""))

    return await for_people(application, deed)


@root_router.post(DEVICE, **PAGE, openapi_extra=form("user_code", "form_token"))
async def enter_user_code(sent: RawRequest, application: App, context: CallContext, visit: Visits) -> Response:
    """The form of that page."""

    async def deed() -> Response:
        typed = form_of(sent.headers, sent.body)
        visit.refuse_foreign(sent.headers, typed)
        user_code = typed.get("user_code", "")[:LONGEST_TYPED]
        try:
            asked = await Verifying(application, context).consider(user_code, visit.browser)
        except (UserCodeUnknown, TooManyRequests, Unavailable) as refused:
            return device_page(application, visit.form_token(), user_code=user_code, problem=refused)
        if asked is None:
            return sign_in_page(application, Errand(NAME, urlencode({"user_code": user_code})), visit.form_token())
        return device_consent_page(application, asked, user_code, visit.form_token())

    return await for_people(application, deed)


@root_router.post("/oauth/device/consent", **PAGE, openapi_extra=form("user_code", "csrf_token", **DECISION))
async def decide_on_device(sent: RawRequest, application: App, context: CallContext, visit: Visits) -> Response:
    """The form of the page that asks whether the device may."""

    async def deed() -> Response:
        typed = form_of(sent.headers, sent.body)
        visit.refuse_foreign(sent.headers, typed)
        user_code, allowed = typed.get("user_code", ""), is_allowed(typed)
        token = typed.get("csrf_token", "")
        if not await Verifying(application, context).decide(user_code, visit.browser, token, allowed=allowed):
            return sign_in_page(application, Errand(NAME, urlencode({"user_code": user_code})), visit.form_token())
        if allowed:
            return done_page(application, "The device may go on", "You can close this page and go back to your device.")
        return done_page(application, "The device was refused", "It got no access. You can close this page.")

    return await for_people(application, deed)
