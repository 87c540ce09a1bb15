"""Why somebody may or may not do something: the rule that decided, what gives it, and when that ends."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from mainspring.core import clock
from mainspring.core.database import UnitOfWork
from mainspring.core.errors import Forbidden
from mainspring.core.security.owners import Owners
from mainspring.core.security.permission import PERMISSIONS
from mainspring.core.security.principal import Principal
from mainspring.modules.users.rows import UserRow
from mainspring.modules.users.service import UserService

from ..errors import PermissionNotFound, UnknownThing
from ..permissions import EXPLAIN
from ..repository import HoldingRepository
from ..rows import Explanation, GrantRow, Reason, Rule
from .holdings import ADMIN
from .roles import near


class ExplainingService:
    """Follows the same rows as `Holdings`, for one user and one permission, and keeps what it saw."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.holdings = HoldingRepository(uow)

    async def explain(
        self, caller: Principal | None, user_id: UUID, permission: str, resource: tuple[str, UUID] | None = None
    ) -> Explanation:
        """Why the user may or may not. With `resource`, also whether that thing is his own. Which other roles hold it is told
        with `access:explain` only.

        Raises PermissionNotFound, UnknownThing, UserNotFound, and Forbidden for another user without `access:explain`.
        """
        if caller is not None and user_id != caller.id and not caller.may(EXPLAIN):
            raise Forbidden(f"Permission '{EXPLAIN}' required", details={"required": [str(EXPLAIN)]})
        if permission not in PERMISSIONS:
            raise PermissionNotFound(near(permission))
        user = await UserService(self.uow).get(user_id)
        sees_roles = caller is None or caller.may(EXPLAIN)
        is_own = None if resource is None else await self._is_own(user_id, *resource)
        with_it = await self.holdings.roles_with(permission)
        roles = [
            Reason("role", one.name, one.assigned_at, one.assigned_by, None)
            for one in await self.holdings.assigned_to(user_id)
            if one.name == ADMIN or one.name in with_it
        ]
        grant = await self.holdings.grant_of_any_time(user_id, permission)
        now = clock.now()
        lives = grant is not None and (grant.expires_at is None or grant.expires_at > now)
        reasons = (*roles, *([_reason(grant)] if grant is not None and lives else ()))
        rule = _rule(user, reasons)
        ends = [reason.ends_at for reason in reasons]
        found = Explanation(
            user_id=user_id,
            permission=permission,
            allowed=rule in ("administrator", "role", "grant"),
            rule=rule,
            reasons=reasons,
            ends_at=max((end for end in ends if end is not None), default=None) if None not in ends else None,
            ended_at=grant.expires_at if grant is not None and not lives else None,
            held_by=(ADMIN, *(name for name in with_it if name != ADMIN)) if sees_roles else (),
            is_own=is_own,
            words=(),
        )
        return in_words(found, user, resource)

    async def _is_own(self, user_id: UUID, kind: str, id: UUID) -> bool:
        owners = self.uow.port(Owners)
        if kind not in owners.kinds:
            raise UnknownThing(owners.kinds)
        return await owners.of(self.uow, kind, id) == user_id


def in_words(found: Explanation, user: UserRow, resource: tuple[str, UUID] | None) -> Explanation:
    """The explanation with its sentences."""
    may = "may" if found.allowed else "may not"
    sentences = [f"{user.name} {may} {found.permission} ({PERMISSIONS[found.permission].description}): {_because(found)}"]
    sentences += [_given(reason, found.permission) for reason in found.reasons]
    if found.ended_at is not None:
        sentences.append(f"A grant of it ended at {_moment(found.ended_at)}.")
    if not found.allowed and found.held_by:
        sentences.append(f"Roles that hold it: {', '.join(found.held_by)}.")
    if found.allowed and found.ends_at is not None:
        sentences.append(f"It ends at {_moment(found.ends_at)}, unless something changes before.")
    if resource is not None:
        sentences.append(_about(found, resource))
    return replace(found, words=tuple(sentences))


def _rule(user: UserRow, reasons: tuple[Reason, ...]) -> Rule:
    if not user.is_active:
        return "disabled"
    if any(reason.kind == "role" and reason.name == ADMIN for reason in reasons):
        return "administrator"
    return reasons[0].kind if reasons else "nothing"


def _because(found: Explanation) -> str:
    return {
        "disabled": "the account is disabled, so nothing that it holds counts.",
        "administrator": "administrators hold every permission.",
        "role": "a role holds it.",
        "grant": "it was granted.",
        "nothing": "no role of this account holds it, and no grant gives it now.",
    }[found.rule]


def _given(reason: Reason, permission: str) -> str:
    what = f"The role {reason.name}" if reason.kind == "role" else f"A grant of {permission}"
    by = f" by {reason.given_by}" if reason.given_by else ""
    end = f"ends at {_moment(reason.ends_at)}" if reason.ends_at else "has no end"
    return f"{what} was given at {_moment(reason.since)}{by} and {end}."


def _about(found: Explanation, resource: tuple[str, UUID]) -> str:
    kind, id = resource
    if found.is_own:
        return f"The {kind} {id} is one's own: routes about what is one's own let this account in without a permission."
    return f"There is no {kind} {id} that is this account's own, so the permission alone decides."


def _reason(grant: GrantRow) -> Reason:
    return Reason("grant", grant.permission, grant.created_at, grant.granted_by, grant.expires_at)


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
