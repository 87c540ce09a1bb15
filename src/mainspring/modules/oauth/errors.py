"""The situations of the provider: those of the API, and those that OAuth has codes for (RFC 6749 5.2)."""

from typing import ClassVar
from uuid import UUID

from mainspring.core.errors import Conflict, Forbidden, Invalid, Malformed, NotFound, Unauthenticated, Unavailable


class ClientNotFound(NotFound):
    """There is no client of this id."""

    code, message = "oauth.client_not_found", "OAuth client not found"


class ClientIsPublic(Conflict):
    """A public client has no secret that could be rotated."""

    code, message = "oauth.client_is_public", "A public client has no secret."


class ConsentNotFound(NotFound):
    """The caller let no such client in."""

    code, message = "oauth.consent_not_found", "This client has no access to the account."


class NotAServiceAccount(Forbidden):
    """A client acts by itself as a service account only, never as a person."""

    code, message = "oauth.not_a_service_account", "A client acts by itself as a service account only."

    def __init__(self, user_id: UUID) -> None:
        super().__init__(details={"userId": str(user_id)})


class ScopeUnknown(Invalid):
    """A scope that is neither one of OpenID's nor a permission of an installed module."""

    code = "VALIDATION_ERROR"

    def __init__(self, name: str) -> None:
        super().__init__(details=[{"field": "scopes", "message": f"There is no scope {name!r}", "code": "scope_unknown"}])


class RedirectRefused(Invalid):
    """An address that nobody may be sent to."""

    code = "VALIDATION_ERROR"

    def __init__(self, field: str, index: int, problem: str) -> None:
        super().__init__(details=[{"field": f"{field}.{index}", "message": problem, "code": "redirect_refused"}])
        self.problem = problem


class LogoutAddressRefused(Invalid):
    """An address that we tell no client at that somebody signed out."""

    code = "VALIDATION_ERROR"

    def __init__(self, problem: str) -> None:
        super().__init__(details=[{"field": "backchannelLogoutUri", "message": problem, "code": "logout_address_refused"}])
        self.problem = problem


class LogoutNotTaken(Unavailable):
    """The client answered a logout token with something else than 2xx; the job tries again."""

    code, message = "oauth.logout_not_taken", "The client did not take the logout token."


class InvalidRequest(Malformed):
    """A parameter is missing, doubled or malformed. The root of OAuth's refusals: `code` is the word of the RFC."""

    code: ClassVar[str] = "invalid_request"
    message: ClassVar[str] = "The request lacks a parameter, or has one twice."


class InvalidClient(Unauthenticated):
    """The client is unknown, or did not prove that it is the one. Alike for both."""

    code, message = "invalid_client", "The client is unknown, or its secret is wrong."


class InvalidGrant(InvalidRequest):
    """The code or the refresh token is unknown, used, too old, or another client's."""

    code, message = "invalid_grant", "The code or the refresh token is not valid."
    keep_writes = True  # what was shown is used up, and what a second use ends stays ended


class InvalidDpopProof(InvalidRequest):
    """The proof of a key is missing, was used, or is about something else (RFC 9449 5)."""

    code, message = "invalid_dpop_proof", "The DPoP proof is missing, used, too old, or about another request."


class UnauthorizedClient(InvalidRequest):
    """The client may not use this grant."""

    code, message = "unauthorized_client", "The client may not use this grant."


class UnsupportedGrantType(InvalidRequest):
    """A grant that we do not know."""

    code, message = "unsupported_grant_type", "This grant type is not supported."


class InvalidScope(InvalidRequest):
    """A scope that the client may not ask for."""

    code, message = "invalid_scope", "A scope is unknown, or the client may not ask for it."


class InsufficientScope(Forbidden):
    """The access token was not granted the scope `openid`."""

    code, message = "insufficient_scope", "The access token needs the scope openid."


class BadAuthorization(InvalidRequest):
    """An authorization request that may not be answered by a redirect: its client or its redirect URI is not ours to trust."""

    message: ClassVar[str] = "The application that sent you here is not known, or sent you with a wrong address."


class Declined(InvalidRequest):
    """An authorization request is refused, and its client is told by a redirect."""

    code, message = "access_denied", "The request was declined."

    def __init__(self, error: str, description: str, redirect_uri: str, state: str | None) -> None:
        super().__init__(description)
        self.error, self.redirect_uri, self.state = error, redirect_uri, state


class AuthorizationPending(InvalidRequest):
    """The owner of the device has not decided yet (RFC 8628 3.5)."""

    code, message = "authorization_pending", "The user has not decided yet."
    keep_writes = True  # when it asked is remembered


class SlowDown(AuthorizationPending):
    """The device asks too often, and has to wait longer from now on."""

    code, message = "slow_down", "Ask less often: wait five seconds longer."


class DeviceDenied(InvalidRequest):
    """The owner of the device declined."""

    code, message = "access_denied", "The user declined."


class DeviceExpired(InvalidRequest):
    """Nobody decided in time."""

    code, message = "expired_token", "The device code is too old. Begin again."


class UserCodeUnknown(NotFound):
    """No device waits behind this code."""

    code, message = "oauth.user_code_unknown", "No device waits behind this code. Look at its screen again, or begin anew there."


class RegistrationOff(NotFound):
    """Programs do not register themselves here."""

    code, message = "oauth.registration_off", "Clients do not register themselves here."


class RegistrationRefused(Unauthenticated):
    """The initial access token is missing or wrong."""

    code, message = "invalid_token", "Registration needs the initial access token."


class InvalidRedirectUri(InvalidRequest):
    """A program asks for an address that nobody may be sent to (RFC 7591 3.2.2)."""

    code, message = "invalid_redirect_uri", "A redirect URI is not acceptable."


class InvalidClientMetadata(InvalidRequest):
    """A program asks to be a client that cannot be."""

    code, message = "invalid_client_metadata", "The metadata of the client is not acceptable."
