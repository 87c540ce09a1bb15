"""Passwords, as hashes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select

from mainspring.core.database import Repository, Statement, bind, insert_into, update_of, upsert

from ..models import Credential

PASSWORD_OF = Statement(select(Credential.password_hash).where(Credential.user_id == bind("user_id", Credential.user_id)), str)
DEVICES_SINCE = Statement(
    select(Credential.devices_since).where(
        Credential.user_id == bind("user_id", Credential.user_id), Credential.devices_since.is_not(None)
    ),
    datetime,
)
ADD_CREDENTIAL: Statement[None] = Statement(insert_into(Credential, "user_id", "password_hash"))
REPLACE_HASH: Statement[None] = Statement(
    update_of(Credential)
    .where(
        Credential.user_id == bind("user_id", Credential.user_id),
        Credential.password_hash == bind("old_hash", Credential.password_hash),
    )
    .values(password_hash=bind("new_hash", Credential.password_hash))
)
PUT_CREDENTIAL: Statement[None] = Statement(upsert(Credential, keys=("user_id",), change=("password_hash", "devices_since")))
REMOVE_CREDENTIAL: Statement[None] = Statement(
    delete(Credential).where(Credential.user_id == bind("user_id", Credential.user_id))
)


class CredentialRepository(Repository):
    """Password hashes."""

    async def hash_of(self, user_id: UUID) -> str | None:
        """The hash of the user's password."""
        return await self.uow.value(PASSWORD_OF, user_id=user_id)

    async def add(self, user_id: UUID, password_hash: str) -> None:
        """The first password of a user."""
        await self.uow.run(ADD_CREDENTIAL, user_id=user_id, password_hash=password_hash)

    async def replace(self, user_id: UUID, old_hash: str, new_hash: str) -> bool:
        """Another password, if `old_hash` still is the one; False when somebody was faster."""
        return await self.uow.run(REPLACE_HASH, user_id=user_id, old_hash=old_hash, new_hash=new_hash) == 1

    async def put(self, user_id: UUID, password_hash: str, now: datetime) -> None:
        """The password from now on, whatever it was; no device is known any more."""
        await self.uow.run(PUT_CREDENTIAL, user_id=user_id, password_hash=password_hash, devices_since=now)

    async def devices_since(self, user_id: UUID) -> datetime | None:
        """When all devices became strangers; None when they never did."""
        return await self.uow.value(DEVICES_SINCE, user_id=user_id)

    async def remove(self, user_id: UUID) -> bool:
        """Take the password away; whether there was one."""
        return await self.uow.run(REMOVE_CREDENTIAL, user_id=user_id) == 1
