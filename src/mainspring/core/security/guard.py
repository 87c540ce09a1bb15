"""Guards: who may come through a route (ARCHITECTURE 4, R-025, R-029).

A guard is a FastAPI dependency, so it shows in the signature and in OpenAPI. The route class of `core.http` runs it before the
body is read and before any lock is taken; everywhere else it runs like any other dependency.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Request

from .. import clock
from ..errors import Forbidden
from ..observability.logs import get_logger
from ..observability.security_events import access_refused
from .permission import OWN_READ, OWN_WRITE
from .principal import Principal
from .refusals import MfaEnrollmentRequired, NotWhileImpersonating, PeopleOnly, StepUpRequired, TokenMissing

if TYPE_CHECKING:
    from ..http.exchange import Exchange

log = get_logger(__name__)
READING = frozenset(("GET", "HEAD", "OPTIONS"))


class Guard:
    """A rule about the caller. Subclasses say in `admit` whether it comes in."""

    is_public = False
    people_only = False
    wants_fresh = False  # whether what is known of the session may not even be a second old
    is_for_enrolling = False  # whether it lets in whoever has to set up a second factor first
    in_person = False  # whether it refuses somebody who acts as another

    def check(self, exchange: "Exchange", principal: Principal | None) -> None:
        """Raise MfaEnrollmentRequired or NotWhileImpersonating for sessions that may not come this way; else ask `admit`."""
        if principal is not None:
            if principal.must_enrol and not self.is_for_enrolling:
                raise MfaEnrollmentRequired()
            if principal.impersonator_id is not None and self.in_person:
                access_refused(log, "not_in_person", principal.id, by=str(principal.impersonator_id), endpoint=exchange.path)
                raise NotWhileImpersonating()
        self.admit(exchange, principal)

    def key_needs(self, method: str) -> tuple[str, ...] | None:
        """The permissions of which an API key needs one to come in; none where any key does, None where no key comes in."""
        return None if self.people_only else ()

    def admit(self, exchange: "Exchange", principal: Principal | None) -> None:
        """Raise TokenMissing or Forbidden, or return."""
        raise NotImplementedError

    def rule(self) -> str:
        """The rule in words, as `mainspring routes` prints it."""
        raise NotImplementedError

    async def __call__(self, request: Request) -> Principal | None:
        exchange: Exchange = request.scope["mainspring"]
        if self in exchange.admitted:
            return exchange.principal
        principal = await exchange.caller(fresh=self.wants_fresh)
        self.check(exchange, principal)
        return principal


class Public(Guard):
    """Anybody; credentials are not looked at."""

    is_public = True

    def admit(self, exchange: "Exchange", principal: Principal | None) -> None:
        """Let everybody in."""

    def rule(self) -> str:
        """`public`."""
        return "public"

    async def __call__(self, request: Request) -> Principal | None:
        return None


class Anyone(Guard):
    """Anybody, but a credential that is sent must be accepted."""

    is_public = is_for_enrolling = True

    def admit(self, exchange: "Exchange", principal: Principal | None) -> None:
        """Let everybody in."""

    def rule(self) -> str:
        """`anyone`."""
        return "anyone"


class SignedIn(Guard):
    """Whoever is signed in.

    An API key or an OAuth client needs `own:read` here, or `own:write` where something changes, or one of the `permissions` that
    the service asks for when it is about what belongs to others. With `people_only` no program comes in, and nobody who acts as
    another, unless `in_person` says otherwise. With `enrolling` those come in too who have to set up a second factor first.
    """

    def __init__(
        self,
        permissions: tuple[str, ...] = (),
        *,
        people_only: bool = False,
        in_person: bool | None = None,
        enrolling: bool = False,
    ) -> None:
        self.permissions, self.people_only, self.is_for_enrolling = permissions, people_only, enrolling
        self.in_person = people_only if in_person is None else in_person

    def admit(self, exchange: "Exchange", principal: Principal | None) -> None:
        """Refuse the anonymous, and programs that were not let in for this."""
        if principal is None:
            raise TokenMissing()
        if principal.is_program:
            if self.people_only:
                _refuse_program(exchange, principal)
            _require(exchange, principal, self.key_needs(exchange.method) or ())

    def key_needs(self, method: str) -> tuple[str, ...] | None:
        """`own:read` or `own:write`, or what the service asks for."""
        return None if self.people_only else (OWN_READ if method in READING else OWN_WRITE, *self.permissions)

    def rule(self) -> str:
        """`signed in`, and who else comes in or does not."""
        return ", ".join(("signed in", *_exceptions(self)))


class RecentlySignedIn(SignedIn):
    """Whoever proved all that the account asks for within `MFA__STEP_UP_LIFE`; for changes that a stolen session must not make.

    The session is looked up anew, so that another process that heard the proof a moment ago is believed.
    """

    wants_fresh = True

    def __init__(self, *, enrolling: bool = False) -> None:
        super().__init__(people_only=True, enrolling=enrolling)

    def admit(self, exchange: "Exchange", principal: Principal | None) -> None:
        """Refuse the anonymous, API keys, and those whose proof is too old."""
        super().admit(exchange, principal)
        proved = principal.authenticated_at if principal else None
        if proved is None or clock.now() - proved > exchange.application.settings.mfa.step_up_life:
            raise StepUpRequired()

    def rule(self) -> str:
        """`signed in recently`."""
        return "signed in recently, or to enrol" if self.is_for_enrolling else "signed in recently"


class HoldsPermission(Guard):
    """Holders of at least one of the permissions, see `require`."""

    def __init__(self, permissions: tuple[str, ...], *, people_only: bool = False, in_person: bool = False) -> None:
        if not permissions:
            raise ValueError("require() needs at least one permission")
        self.permissions, self.people_only, self.in_person = permissions, people_only, in_person or people_only

    def admit(self, exchange: "Exchange", principal: Principal | None) -> None:
        """Refuse the anonymous, and those who hold none of them; the refusal names them and is logged (R-114, D-19)."""
        if principal is None:
            raise TokenMissing()
        if self.people_only and principal.is_program:
            _refuse_program(exchange, principal)
        _require(exchange, principal, self.permissions)

    def key_needs(self, method: str) -> tuple[str, ...] | None:
        """The same permissions."""
        return None if self.people_only else self.permissions

    def rule(self) -> str:
        """The permissions, any of which opens the route."""
        return ", ".join((" or ".join(self.permissions), *_exceptions(self)))


class HoldsRole(Guard):
    """Holders of at least one of the roles; administrators always (R-107). An API key has no role."""

    people_only = True

    def __init__(self, roles: tuple[str, ...]) -> None:
        if not roles:
            raise ValueError("require_role() needs at least one role")
        self.roles = roles

    def admit(self, exchange: "Exchange", principal: Principal | None) -> None:
        """Refuse the anonymous, and those who hold none of them; the refusal names them and is logged (R-114, R-330)."""
        if principal is None:
            raise TokenMissing()
        if principal.is_program:
            _refuse_program(exchange, principal)
        if "admin" in principal.roles or not principal.roles.isdisjoint(self.roles):
            return
        access_refused(
            log,
            "unauthorized_access",
            principal.id,
            requiredRole=list(self.roles),
            userRole=sorted(principal.roles),
            endpoint=exchange.path,
            method=exchange.method,
        )
        message = f"This endpoint requires one of roles: {', '.join(self.roles)}"
        raise Forbidden(message, details={"required": list(self.roles)})

    def key_needs(self, method: str) -> tuple[str, ...] | None:
        """No key has a role."""
        return None

    def rule(self) -> str:
        """The roles, any of which opens the route."""
        return "role " + " or ".join(self.roles)


def _exceptions(guard: Guard) -> Iterator[str]:
    """What a guard adds to its rule, in words. People only are in person, unless it says otherwise."""
    if guard.people_only:
        yield "people only"
    if guard.in_person != guard.people_only:
        yield "in person" if guard.in_person else "or who acts as them"
    if guard.is_for_enrolling:
        yield "or to enrol"


def _require(exchange: "Exchange", principal: Principal, permissions: tuple[str, ...]) -> None:
    for permission in permissions:
        if principal.may(permission):
            return
    access_refused(
        log,
        "insufficient_permissions",
        principal.id,
        required=list(permissions),
        held=sorted(principal.permissions),
        endpoint=exchange.path,
    )
    names = ", ".join(f"'{permission}'" for permission in permissions)
    message = f"Permission {names} required" if len(permissions) == 1 else f"One of the permissions {names} required"
    raise Forbidden(message, details={"required": list(permissions)})


def _refuse_program(exchange: "Exchange", principal: Principal) -> None:
    program = {"clientId": principal.client_id} if principal.client_id else {"keyId": str(principal.key_id)}
    access_refused(log, "people_only", principal.id, **program, endpoint=exchange.path)
    raise PeopleOnly()


def require(*permissions: str, people_only: bool = False, in_person: bool = False) -> Any:  # Any: like Depends() itself
    """A guard: the caller holds at least one of the permissions. 401 for the anonymous, 403 naming them for others.

    With `people_only` API keys are refused whatever they hold, with `people_only` or `in_person` whoever acts as the user.
    """
    return Depends(HoldsPermission(permissions, people_only=people_only, in_person=in_person))


def require_role(*roles: str) -> Any:  # Any: see require
    """A guard: the caller has at least one of the roles. 401 for the anonymous, 403 naming them for others."""
    return Depends(HoldsRole(roles))


def own_or(*permissions: str) -> Any:  # Any: see require
    """A guard for what is one's own, or anybody's with one of the permissions, which the service asks for.

    Whoever is signed in comes in; an API key needs `own:read`, `own:write` where something changes, or one of the permissions.
    """
    return Depends(SignedIn(permissions))


signed_in: Any = Depends(SignedIn())
"""A guard: somebody is signed in."""

people_only: Any = Depends(SignedIn(people_only=True))
"""A guard: somebody is signed in, and it is a person, not an API key."""

recently_signed_in: Any = Depends(RecentlySignedIn())
"""A guard: somebody is signed in and proved it lately. Beside another: `dependencies=[recently_signed_in]`."""

public: Any = Depends(Public())
"""A guard that lets everybody in: `Router(dependencies=[public])` or `@router.get(..., dependencies=[public])`."""

anyone: Any = Depends(Anyone())
"""A guard that lets everybody in, and still says who it is: `visitor: Visitor`."""

CurrentUser = Annotated[Principal, signed_in]
CurrentPerson = Annotated[Principal, people_only]
RecentlyAuthenticated = Annotated[Principal, recently_signed_in]

Visitor = Annotated[Principal | None, anyone]


def guard_of(call: Callable[..., Any] | None) -> Guard | None:
    """The guard behind a dependency's callable, if it is one."""
    return call if isinstance(call, Guard) else None
