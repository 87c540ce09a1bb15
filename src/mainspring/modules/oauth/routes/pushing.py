"""What programs send ahead of a person: pushed requests, waiting devices, themselves."""

from pydantic import BaseModel
from starlette.responses import Response

from mainspring.core.http import App, CallContext, RawRequest, problems, shown_once

from ..errors import RegistrationOff
from ..forms import form_of
from ..schemas import RegisterClient, RegisteredOut
from ..service.pushed import LIFE
from ..workflows import Pushing, Registering
from .documented import form
from .pages import PATHS
from .router import root_router
from .tokens import CLIENT, REFUSED, answered

BEARER = "bearer "
PUSHED = {"response_type": "code", "code_challenge_method": "S256", "state": ""}


class PushedOut(BaseModel):
    """Where a request is kept (RFC 9126 2.2)."""

    request_uri: str
    expires_in: int


class DeviceOut(BaseModel):
    """What a device keeps and shows (RFC 8628 3.2)."""

    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str
    expires_in: int
    interval: int


@root_router.post(
    "/oauth/par",
    status_code=201,
    response_model=PushedOut,
    dependencies=[shown_once],
    responses=REFUSED,
    openapi_extra=form("response_type", "redirect_uri", "code_challenge", "code_challenge_method", "scope", **PUSHED, **CLIENT),
)
async def push_oauth_request(sent: RawRequest, application: App, context: CallContext) -> Response:
    """Keep an authorization request (PAR, RFC 9126). The browser gets its address only, which works once."""

    async def deed() -> bytes:
        address = await Pushing(application, context).request(sent.headers, form_of(sent.headers, sent.body))
        return PushedOut(request_uri=address, expires_in=int(LIFE.total_seconds())).model_dump_json().encode()

    return await answered(deed(), 201)


@root_router.post(
    "/oauth/device_authorization", response_model=DeviceOut, responses=REFUSED, openapi_extra=form("scope", **CLIENT)
)
async def authorize_oauth_device(sent: RawRequest, application: App, context: CallContext) -> Response:
    """Let a device wait until its owner lets it in on another one (RFC 8628)."""

    async def deed() -> bytes:
        offered = await Pushing(application, context).device(sent.headers, form_of(sent.headers, sent.body))
        page = f"{application.settings.public_url.rstrip('/')}{PATHS['device']}"
        told = DeviceOut(
            device_code=offered.device_code,
            user_code=offered.user_code,
            verification_uri=page,
            verification_uri_complete=f"{page}?user_code={offered.user_code}",
            expires_in=offered.life_seconds,
            interval=offered.interval_seconds,
        )
        return told.model_dump_json().encode()

    return await answered(deed())


@root_router.post(
    "/oauth/register",
    status_code=201,
    response_model=RegisteredOut,
    dependencies=[shown_once],
    responses={**REFUSED, **problems(RegistrationOff)},
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/json": {"schema": RegisterClient.model_json_schema()}}}
    },
)
async def register_oauth_client(sent: RawRequest, application: App, context: CallContext) -> Response:
    """Become a client (RFC 7591), where `OAUTH__REGISTRATION` lets programs do so."""

    async def deed() -> bytes:
        header = sent.headers.get("authorization", "")
        token = header[len(BEARER) :] if header.lower().startswith(BEARER) else None
        shown, wish = await Registering(application, context).run(token, sent.body)
        return RegisteredOut.with_secret(shown, wish.method).model_dump_json(exclude_none=True).encode()

    return await answered(deed(), 201)
