"""The rules of users. What passwords and sessions need lies in auth, what roles need in access."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from mainspring.core import clock
from mainspring.core.database import Page, Slice, UnitOfWork
from mainspring.core.email_address import normalised
from mainspring.core.errors import Forbidden, PreconditionFailed
from mainspring.core.observability.logs import get_logger
from mainspring.core.observability.security_events import access_refused
from mainspring.core.security.ports import Held, PermissionSource
from mainspring.core.security.principal import Principal
from mainspring.core.security.snapshots import Snapshots

from .errors import EmailTaken, NoSuchAccount, OwnAccount, OwnStatus, UserNotFound
from .events import UserCreated, UserDeleted, UserErased, UserRestored, UserUpdated
from .permissions import DELETE, READ, UPDATE
from .ports import AccountGuard, SessionEnder
from .repository import USERS, UserRepository
from .rows import PERSON, Profile, Standing, UserKind, UserRow
from .schemas import UserQuery

SHOWN_IN_AUDIT = ("name", "first_name", "last_name", "age", "bio", "website", "avatar_url", "is_active")
ERASED_NAME = "Erased user"
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user to be. The address is already in its canonical form; `email_verified` when whoever runs the installation vouches."""

    email: str
    name: str
    first_name: str | None = None
    last_name: str | None = None
    kind: UserKind = PERSON
    email_verified: bool = False
    avatar_url: str | None = None


class UserService:
    """Creates, shows, changes and deletes users."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.users = UserRepository(uow)

    async def create(self, wish: NewUser) -> UserRow:
        """Add an account. Raises EmailTaken; the unique index decides, so two at once cannot both win."""
        user = await self.users.add(
            wish.email,
            wish.name,
            wish.first_name,
            wish.last_name,
            kind=wish.kind,
            email_verified=wish.email_verified,
            avatar_url=wish.avatar_url,
        )
        if user is None:
            raise EmailTaken()
        kind = {} if user.kind == PERSON else {"kind": user.kind}
        self.uow.publish(UserCreated(user.id, {"email": user.email, "name": user.name, **kind}))
        return user

    async def get(self, id: UUID) -> UserRow:
        """A user by id, whoever asks. Raises UserNotFound."""
        user = await self.users.by_id(id)
        if user is None:
            raise UserNotFound(id)
        return user

    async def by_email(self, email: str) -> UserRow | None:
        """A user by canonical address, whoever asks."""
        return await self.users.by_email(email)

    async def of_address(self, typed: str) -> UserRow:
        """The user of an address as somebody typed it. Raises NoSuchAccount."""
        try:
            user = await self.users.by_email(normalised(typed))
        except ValueError:
            user = None
        if user is None:
            raise NoSuchAccount(typed)
        return user

    async def standing(self, ids: Sequence[UUID], *, services: bool = False) -> dict[UUID, Standing]:
        """Those of the users who may sign in: people, neither deleted nor disabled; with `services` service accounts too."""
        found = await self.users.standing(ids) if ids else []
        return {one.id: one for one in found if services or one.kind == PERSON}

    async def living(self, ids: Sequence[UUID]) -> dict[UUID, UserRow]:
        """Those of the users who are not deleted, disabled or not."""
        return {user.id: user for user in await self.users.living(ids)} if ids else {}

    async def profile(self, user: UserRow, scopes: frozenset[str] | None = None) -> Profile:
        """A user with his roles and permissions; with `scopes`, as an API key of his may use them."""
        held = await self.uow.port(PermissionSource).held(self.uow, [user.id])
        return _profile(user, held.get(user.id, Held()).within(scopes))

    async def profiles(self, users: Sequence[UserRow]) -> list[Profile]:
        """Users with their roles and permissions, in one question."""
        held = await self.uow.port(PermissionSource).held(self.uow, [user.id for user in users])
        none = Held()
        return [_profile(user, held.get(user.id, none)) for user in users]

    async def seen_by(self, caller: Principal, id: UUID) -> UserRow:
        """A user as far as the caller may see him: oneself, or with `users:read`. Raises UserNotFound for all else (D-19)."""
        if caller.id != id and not any(caller.may(permission) for permission in (READ, UPDATE, DELETE)):
            self._refused(caller, id)
            raise UserNotFound(id)
        return await self.get(id)

    async def find(self, query: UserQuery) -> tuple[Page[UserRow] | Slice[UserRow], list[Profile]]:
        """The users that a query asks for: where the page stands, and its users with their roles."""
        found = await query.fetch(self.uow, USERS)
        return found, await self.profiles(found.rows)

    async def update(self, caller: Principal, id: UUID, wishes: Mapping[str, Any], version: int | None = None) -> UserRow:
        """Change the given columns. With `version`, only that version. What is so already is not changed again.

        Raises UserNotFound, Forbidden, OwnStatus, PreconditionFailed, AdministratorProtected, LastAdministrator.
        """
        await self._may_change(caller, id, UPDATE)
        if caller.id == id and "is_active" in wishes:
            raise OwnStatus()
        if wishes.get("is_active") is False:
            await self.uow.port(AccountGuard).may_leave(self.uow, id)
        before = await self.get(id)
        if version is not None and version != before.version:
            raise PreconditionFailed()
        wishes = {name: value for name, value in wishes.items() if value != getattr(before, name)}
        if not wishes:
            return before
        after = await self._changed(id, wishes, version)
        if changed := _differences(before, after):
            self.uow.publish(UserUpdated(id, changed))
        if "is_active" in changed:
            await self._shut_out(id, "status")
        return after

    async def set_active(self, id: UUID, is_active: bool) -> UserRow:
        """Disable or enable an account by the operator of the installation. Raises UserNotFound, LastAdministrator."""
        if not is_active:
            await self.uow.port(AccountGuard).may_leave(self.uow, id)
        before = await self.get(id)
        after = await self._changed(id, {"is_active": is_active})
        if before.is_active != is_active:
            self.uow.publish(UserUpdated(id, _differences(before, after)))
            await self._shut_out(id, "status")
        return after

    async def verify_email(self, id: UUID, email: str) -> bool:
        """Note that the user reads the mailbox of his address; whether that is news."""
        if not await self.users.verify(id, email):
            return False
        self.uow.publish(UserUpdated(id, {"email_verified": [False, True]}))
        return True

    async def change_email(self, id: UUID, old_email: str, new_email: str) -> None:
        """Another address, whose mailbox the user reads. Raises UserNotFound when the old one is not his, and EmailTaken."""
        if await self.users.by_email(new_email) is not None:
            raise EmailTaken()
        if not await self.users.move(id, old_email, new_email):  # the unique index decides a race for the new address
            raise UserNotFound(id)
        self.uow.publish(UserUpdated(id, {"email": [old_email, new_email]}))
        snapshots = self.uow.port(Snapshots)
        self.uow.after_commit(lambda: snapshots.forget_user(id))

    async def set_mfa_enabled(self, id: UUID, is_enabled: bool) -> None:
        """Show whether the account asks for a second factor; auth decides. Raises UserNotFound."""
        await self._changed(id, {"mfa_enabled": is_enabled})

    async def delete(self, caller: Principal, id: UUID, version: int | None = None) -> None:
        """Hide the account from everything and end its sessions (R-225).

        Raises UserNotFound, Forbidden, OwnAccount, PreconditionFailed, AdministratorProtected, LastAdministrator.
        """
        if caller.id == id:
            raise OwnAccount()
        await self._may_change(caller, id, DELETE)
        await self.uow.port(AccountGuard).may_leave(self.uow, id)
        await self._changed(id, {"deleted_at": clock.now()}, version)
        self.uow.publish(UserDeleted(id))
        await self._shut_out(id, "deleted")

    async def may_leave(self, id: UUID) -> None:
        """Raises LastAdministrator when nobody would be left to administer the installation."""
        await self.uow.port(AccountGuard).may_leave(self.uow, id)

    async def erase(self, id: UUID) -> None:
        """Delete an account by the wish of its owner, and take all that is personal out of it. Nothing brings it back.

        Raises UserNotFound, LastAdministrator.
        """
        await self.may_leave(id)
        await self._changed(id, {"deleted_at": clock.now()})
        await self._shut_out(id, "erased")
        await self.users.erase(id, f"erased-{id}@erased.invalid", ERASED_NAME)
        self.uow.publish(UserErased(id))

    async def restore(self, caller: Principal, id: UUID) -> UserRow:
        """Bring a deleted account back.

        Raises UserNotFound, AdministratorProtected, and EmailTaken when another has the address by now.
        """
        user = await self.users.deleted(id)
        if user is None:
            raise UserNotFound(id)
        await self.uow.port(AccountGuard).may_change(self.uow, caller, id)
        if await self.users.by_email(user.email) is not None:
            raise EmailTaken()
        await self.users.restore(id)
        self.uow.publish(UserRestored(id))
        await self._shut_out(id, "restored")
        return await self.get(id)

    async def _may_change(self, caller: Principal, id: UUID, permission: str) -> None:
        if caller.id == id:
            return
        await self.seen_by(caller, id)
        if not caller.may(permission):
            self._refused(caller, id)
            raise Forbidden(f"Permission '{permission}' required", details={"required": [permission]})
        await self.uow.port(AccountGuard).may_change(self.uow, caller, id)

    async def _changed(self, id: UUID, changes: Mapping[str, Any], version: int | None = None) -> UserRow:
        after = await self.users.change(id, changes, version)
        if after is None:
            await self.get(id)
            raise PreconditionFailed()
        return after

    async def _shut_out(self, id: UUID, reason: str) -> None:
        """End every session; also when somebody is let in again, for a sign-in may have begun just before he was shut out."""
        await self.uow.port(SessionEnder).end_all(self.uow, id, reason)
        snapshots = self.uow.port(Snapshots)
        self.uow.after_commit(lambda: snapshots.forget_user(id))

    def _refused(self, caller: Principal, id: UUID) -> None:
        access_refused(log, "resource_access_denied", caller.id, resourceId=str(id), ownerId=str(id))


def _profile(user: UserRow, held: Held) -> Profile:
    return Profile(user, tuple(sorted(held.roles)), tuple(sorted(held.permissions)))


def _differences(before: UserRow, after: UserRow) -> dict[str, Any]:
    pairs = {name: [getattr(before, name), getattr(after, name)] for name in SHOWN_IN_AUDIT}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


async def owner_of(uow: UnitOfWork, id: UUID) -> UUID | None:
    """Everybody is his own."""
    user = await UserRepository(uow).by_id(id)
    return user.id if user else None


async def personal_data(uow: UnitOfWork, user_id: UUID) -> dict[str, Any]:
    """The profile."""
    user = await UserService(uow).get(user_id)
    return {"profile": {name: value for name, value in asdict(user).items() if name not in ("deleted_at", "version")}}
