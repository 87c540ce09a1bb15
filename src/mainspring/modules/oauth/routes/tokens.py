"""The endpoints that programs call: their errors have OAuth's form (RFC 6749 5.2), and nothing of them is stored on the way."""

from collections.abc import Awaitable

import orjson
from pydantic import BaseModel
from starlette.responses import Response

from mainspring.core.errors import MainspringError, TooManyRequests, Unavailable
from mainspring.core.http import App, CallContext, RawRequest
from mainspring.core.http.problems import ErrorOut, status_of
from mainspring.core.security.guard import Visitor

from ..errors import Declined, InvalidClient, InvalidRequest, RegistrationRefused
from ..forms import form_of
from ..rows import CODE, CREDENTIALS, DEVICE, REFRESH, Given
from ..workflows import Exchanging, Looking
from .documented import Extra, form
from .router import root_router

NEVER_STORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}
LATER = "temporarily_unavailable"


class TokensOut(BaseModel):
    """What a client gets (RFC 6749 5.1)."""

    access_token: str
    token_type: str
    expires_in: int
    scope: str
    refresh_token: str | None = None
    id_token: str | None = None

    @classmethod
    def of(cls, given: Given) -> "TokensOut":
        """The answer for what was given."""
        return cls(
            access_token=given.access.text,
            token_type=given.token_type,
            expires_in=given.access.expires_in,
            scope=" ".join(given.scopes),
            refresh_token=given.refresh_token,
            id_token=given.id_token,
        )


class RefusalOut(BaseModel):
    """Why a client gets nothing (RFC 6749 5.2)."""

    error: str
    error_description: str


CLIENT = {"client_id": "", "client_secret": ""}
REFUSED: dict[int | str, Extra] = {
    400: {"model": RefusalOut, "description": "The request is refused, in OAuth's words."},
    401: {"model": RefusalOut, "description": "The client did not prove which one it is."},
    429: {"model": RefusalOut | ErrorOut, "description": "Too many requests, in the words of OAuth or of the API."},
    503: {"model": RefusalOut | ErrorOut, "description": "Not now, in the words of OAuth or of the API."},
}


@root_router.post(
    "/oauth/token",
    response_model=TokensOut,
    responses=REFUSED,
    openapi_extra=form(
        "grant_type",
        grant_type=" ".join((CODE, REFRESH, CREDENTIALS, DEVICE)),
        code="",
        redirect_uri="",
        code_verifier="",
        refresh_token="",
        device_code="",
        scope="",
        **CLIENT,
    ),
)
async def issue_oauth_tokens(sent: RawRequest, application: App, context: CallContext) -> Response:
    """Turn a code, a refresh token, or the client's own credentials into tokens."""

    async def deed() -> bytes:
        given = await Exchanging(application, context).run(sent.headers, form_of(sent.headers, sent.body))
        return TokensOut.of(given).model_dump_json(exclude_none=True).encode()

    return await answered(deed())


@root_router.post("/oauth/revoke", responses=REFUSED, openapi_extra=form("token", token_type_hint="", **CLIENT))
async def revoke_oauth_token(sent: RawRequest, application: App, context: CallContext) -> Response:
    """End what a token belongs to (RFC 7009). The answer is the same for a token that is none."""

    async def deed() -> bytes:
        await Looking(application, context).revoke(sent.headers, form_of(sent.headers, sent.body))
        return b"{}"

    return await answered(deed())


@root_router.post("/oauth/introspect", responses=REFUSED, openapi_extra=form("token", token_type_hint="", **CLIENT))
async def introspect_oauth_token(sent: RawRequest, application: App, context: CallContext) -> Response:
    """What a token is worth now (RFC 7662), for confidential clients."""

    async def deed() -> bytes:
        return orjson.dumps(await Looking(application, context).introspect(sent.headers, form_of(sent.headers, sent.body)))

    return await answered(deed())


@root_router.get("/oauth/userinfo")
async def get_oauth_userinfo(caller: Visitor, application: App, context: CallContext) -> Response:
    """Who the account behind an access token is, as far as its scopes tell (OpenID Connect Core 5.3)."""
    return _json(orjson.dumps(await Looking(application, context).person(caller)))


@root_router.post("/oauth/userinfo")
async def post_oauth_userinfo(caller: Visitor, application: App, context: CallContext) -> Response:
    """The same for clients that send POST."""
    return _json(orjson.dumps(await Looking(application, context).person(caller)))


async def answered(deed: Awaitable[bytes], status: int = 200) -> Response:
    """What the deed answers, or its refusal in OAuth's form."""
    try:
        return _json(await deed, status)
    except Declined as declined:  # a request that was pushed: nobody is sent anywhere
        return _refused(declined, declined.error)
    except RegistrationRefused as refused:
        return _refused(refused, refused.code, "Bearer")
    except (InvalidRequest, InvalidClient) as refused:
        return _refused(refused, refused.code)
    except (TooManyRequests, Unavailable) as later:
        answer = _refused(later, LATER)
        answer.headers["Retry-After"] = str(max(1, round(later.retry_after)))
        return answer


def _refused(refused: MainspringError, error: str, challenge: str = 'Basic realm="oauth"') -> Response:
    body = orjson.dumps({"error": error, "error_description": str(refused)})
    answer = Response(body, status_of(type(refused)), NEVER_STORED, "application/json")
    if answer.status_code == 401:
        answer.headers["WWW-Authenticate"] = challenge
    return answer


def _json(content: bytes, status: int = 200) -> Response:
    return Response(content, status, NEVER_STORED, "application/json")
