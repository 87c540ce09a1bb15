"""API keys: making, showing, rotating and revoking them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from mainspring.core import clock, ids
from mainspring.core.database import Page, Slice, UnitOfWork
from mainspring.core.errors import Forbidden
from mainspring.core.observability.logs import get_logger
from mainspring.core.observability.security_events import access_refused
from mainspring.core.personal_data import every_row
from mainspring.core.security import key_text
from mainspring.core.security.permission import PERMISSIONS
from mainspring.core.security.principal import Principal
from mainspring.core.security.snapshots import KeySnapshots
from mainspring.core.settings import Settings as CoreSettings
from mainspring.core.settings.durations import format_duration, parse_duration
from mainspring.modules.access.service import Powers
from mainspring.modules.access.service.roles import known
from mainspring.modules.users.ports import AccountGuard
from mainspring.modules.users.rows import SERVICE
from mainspring.modules.users.service import UserService

from ..errors import (
    KeyExpired,
    KeyNotFound,
    LifeTooLong,
    NotAServiceAccount,
    OverlapTooLong,
    RotationUnderWay,
    TooManyKeys,
)
from ..events import ApiKeyCreated, ApiKeyEvent, ApiKeyRevoked, ApiKeyRotated
from ..permissions import MANAGE
from ..repository import KEYS, KeyRepository
from ..rows import KeyRow, ShownKey
from ..schemas import CreateKey, KeyQuery, RotateKey
from ..settings import Settings

LONGEST_OVERLAP = timedelta(days=30)
log = get_logger(__name__)


class KeyService:
    """People handle their own keys, holders of `api-keys:manage` those of service accounts, and they may revoke every key.

    Nobody gets hold of a key that may do what he himself may not. `caller` is a person; None is whoever runs the installation.
    """

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.keys = KeyRepository(uow)
        self.core = uow.port(CoreSettings)
        self.settings = self.core.section(Settings)

    async def create(self, caller: Principal, wish: CreateKey) -> ShownKey:
        """Make a key; it is shown in this answer only.

        Raises PermissionNotFound for an unknown scope, BeyondOwnAccess for one that the caller lacks, LifeTooLong, TooManyKeys,
        Forbidden, UserNotFound, NotAServiceAccount, AdministratorProtected.
        """
        return await self._made(caller, await self._owner_for(caller, wish.user_id or caller.id), wish)

    async def create_for(self, owner_id: UUID, wish: CreateKey) -> ShownKey:
        """Make a key of any account, by whoever runs the installation. Raises PermissionNotFound, LifeTooLong, TooManyKeys."""
        return await self._made(None, owner_id, wish)

    async def _made(self, caller: Principal | None, owner_id: UUID, wish: CreateKey) -> ShownKey:
        scopes = known(wish.scopes)
        (await Powers.of(self.uow, caller)).require(scopes)
        self._may_ask(caller, wish.requests_per_minute)
        lifetime = self._lifetime(wish)
        await self._make_room(owner_id)
        now = clock.now()
        key = KeyRow(
            id=ids.new(),
            user_id=owner_id,
            name=wish.name,
            scopes=list(scopes),
            is_live=self.core.is_production,
            per_minute=wish.requests_per_minute,
            lifetime_seconds=max(1, int(lifetime.total_seconds())),
            previous_until=None,
            expires_at=now + lifetime,
            rotated_at=None,
            last_used_at=None,
            created_by=caller.id if caller else None,
            created_at=now,
            updated_at=now,
            version=1,
        )
        text = key_text.make(key.id, live=key.is_live)
        added = await self.keys.add(key, key_text.hash_of(text.encode()))
        self.uow.publish(_fact(ApiKeyCreated, added))
        return ShownKey(added, text)

    async def find(self, caller: Principal, query: KeyQuery) -> Page[KeyRow] | Slice[KeyRow]:
        """The caller's keys, or with `api-keys:manage` those of another account. Raises Forbidden."""
        user_id = query.user_id or caller.id
        if user_id != caller.id and not caller.may(MANAGE):
            raise _missing()
        return await query.model_copy(update={"user_id": user_id}).fetch(self.uow, KEYS)

    async def of_account(self, user_id: UUID | None, query: KeyQuery) -> Page[KeyRow] | Slice[KeyRow]:
        """The keys of an account, or of all, for whoever runs the installation."""
        return await query.model_copy(update={"user_id": user_id}).fetch(self.uow, KEYS)

    async def get(self, caller: Principal | None, id: UUID) -> KeyRow:
        """A key as far as the caller may see it. Raises KeyNotFound."""
        key = await self.keys.by_id(id)
        if key is None or not (caller is None or caller.id == key.user_id or caller.may(MANAGE)):
            if key is not None and caller is not None:
                access_refused(log, "resource_access_denied", caller.id, resourceId=str(id), ownerId=str(key.user_id))
            raise KeyNotFound()
        return key

    async def rotate(self, caller: Principal, id: UUID, wish: RotateKey) -> ShownKey:
        """Give a key a new secret and a new life; the old secret works for the overlap, at most until the old end.

        Raises KeyNotFound, KeyExpired, OverlapTooLong, RotationUnderWay, BeyondOwnAccess, NotAServiceAccount.
        """
        key = await self.get(caller, id)
        await self._owner_for(caller, key.user_id)
        if caller.id != key.user_id:
            (await Powers.of(self.uow, caller)).require(known_still(key.scopes))
        now = clock.now()
        if key.expires_at <= now:
            raise KeyExpired()
        overlap = self._overlap(wish)
        text = key_text.make(key.id, live=self.core.is_production)
        rotated = await self.keys.rotate(
            key,
            key_text.hash_of(text.encode()),
            previous_until=min(now + overlap, key.expires_at),
            expires_at=now + min(timedelta(seconds=key.lifetime_seconds), self.settings.longest_lifetime),
            none_after=now if overlap else now + LONGEST_OVERLAP,  # with no overlap whatever is older ends too
            now=now,
        )
        if rotated is None:
            raise RotationUnderWay()
        self.uow.publish(_fact(ApiKeyRotated, rotated))
        self._forget(key.id)
        return ShownKey(rotated, text)

    async def revoke(self, caller: Principal | None, id: UUID) -> None:
        """End a key for good. Raises KeyNotFound, and AdministratorProtected for an administrator's when the caller is none."""
        key = await self.get(caller, id)
        if caller is not None and caller.id != key.user_id:
            await self.uow.port(AccountGuard).may_change(self.uow, caller, key.user_id)
        revoked = await self.keys.revoke(id, caller.id if caller else None, clock.now())
        if revoked is None:
            raise KeyNotFound()
        self.uow.publish(_fact(ApiKeyRevoked, revoked))
        self._forget(id)

    async def revoke_all(self, user_id: UUID) -> int:
        """End every key of an account for good; how many there were."""
        revoked = await self.keys.revoke_all(user_id, None, clock.now())
        for key in revoked:
            self.uow.publish(_fact(ApiKeyRevoked, key))
            self._forget(key.id)
        return len(revoked)

    async def erase(self, user_id: UUID) -> None:
        """Remove every key of an account that is gone for good."""
        await self.revoke_all(user_id)
        await self.keys.delete_all(user_id)

    async def _owner_for(self, caller: Principal, user_id: UUID) -> UUID:
        """Whose key the caller may make: his own, or that of a service account with `api-keys:manage`."""
        if user_id == caller.id:
            return user_id
        if not caller.may(MANAGE):
            raise _missing()
        owner = await UserService(self.uow).get(user_id)
        if owner.kind != SERVICE:
            raise NotAServiceAccount(user_id)
        await self.uow.port(AccountGuard).may_change(self.uow, caller, user_id)
        return user_id

    def _may_ask(self, caller: Principal | None, per_minute: int | None) -> None:
        """Raises Forbidden for more requests than usual without `api-keys:manage`."""
        if per_minute is not None and per_minute > self.settings.per_minute and caller is not None and not caller.may(MANAGE):
            raise _missing()

    def _lifetime(self, wish: CreateKey) -> timedelta:
        longest = self.settings.longest_lifetime
        lifetime = wish.lifetime
        if lifetime is None:
            return min(self.settings.lifetime, longest)
        if lifetime > longest:
            raise LifeTooLong("expiresIn" if wish.expires_in else "expiresAt", format_duration(longest))
        return lifetime

    def _overlap(self, wish: RotateKey) -> timedelta:
        if wish.overlap is None:
            return self.settings.overlap
        overlap = parse_duration(wish.overlap)
        if overlap > LONGEST_OVERLAP:
            raise OverlapTooLong(format_duration(LONGEST_OVERLAP))
        return overlap

    async def _make_room(self, owner_id: UUID) -> None:
        """Raises TooManyKeys. Those who make keys of one account take turns, so that no two take the last place."""
        await self.uow.lock(f"api keys of {owner_id}", wait=True)
        if await self.keys.count_living(owner_id, clock.now()) >= self.settings.per_user:
            raise TooManyKeys()

    def _forget(self, key_id: UUID) -> None:
        snapshots = self.uow.port(KeySnapshots)
        self.uow.after_commit(lambda: snapshots.forget_session(key_id))


async def owner_of(uow: UnitOfWork, id: UUID) -> UUID | None:
    """Whose the key is."""
    key = await KeyRepository(uow).by_id(id)
    return key.user_id if key else None


async def personal_data(uow: UnitOfWork, user_id: UUID) -> dict[str, Any]:
    """The keys of the user; the rows hold nothing that opens one."""
    return {"keys": await every_row(uow, KEYS, user_id=user_id)}


def known_still(scopes: Sequence[str]) -> list[str]:
    """Those scopes that an installed module still declares; the others open nothing."""
    return [scope for scope in scopes if scope in PERMISSIONS]


def _missing() -> Forbidden:
    return Forbidden(f"Permission '{MANAGE}' required", details={"required": [str(MANAGE)]})


def _fact(kind: type[ApiKeyEvent], key: KeyRow) -> ApiKeyEvent:
    return kind(key.id, key.user_id, key.name, tuple(key.scopes), key.expires_at)
