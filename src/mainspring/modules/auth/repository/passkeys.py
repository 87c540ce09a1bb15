"""Passkeys. Those of a user are found by id and user, so a stranger's is not there."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, delete, func, or_, select

from mainspring.core.database import Listing, Repository, Statement, bind, insert_into, update_of

from ..models import Passkey
from ..rows import NewPasskey, PasskeyRow

COLUMNS = (
    Passkey.id,
    Passkey.user_id,
    Passkey.credential_id,
    Passkey.public_key,
    Passkey.transports,
    Passkey.name,
    Passkey.is_backed_up,
    Passkey.created_at,
    Passkey.last_used_at,
)
OF_USER = Passkey.user_id == bind("user_id", Passkey.user_id)
THIS = Passkey.id == bind("id", Passkey.id)
SIGNED = bind("sign_count", Passkey.sign_count)

BY_CREDENTIAL = Statement(
    select(*COLUMNS).where(Passkey.credential_id == bind("credential_id", Passkey.credential_id)), PasskeyRow
)
OF = Statement(select(*COLUMNS).where(OF_USER).order_by(Passkey.id), PasskeyRow)
COUNT = Statement(select(func.count(Passkey.id)).where(OF_USER), int)
PASSKEYS = Listing(
    select(*COLUMNS),
    PasskeyRow,
    filters={"user_id": OF_USER},
    sorts={"createdAt": Passkey.created_at},
    default="-createdAt",
    key=Passkey.id,
)
ADD = Statement(
    insert_into(Passkey).on_conflict_do_nothing(index_elements=[Passkey.credential_id]).returning(*COLUMNS), PasskeyRow
)
# a count that does not grow means that there are two of it; passkeys that are copied between devices never count
USE: Statement[None] = Statement(
    update_of(Passkey)
    .where(THIS, OF_USER, or_(Passkey.sign_count < SIGNED, and_(Passkey.sign_count == 0, SIGNED == 0)))
    .values(
        sign_count=SIGNED,
        is_backed_up=bind("is_backed_up", Passkey.is_backed_up),
        last_used_at=bind("now", Passkey.last_used_at),
    )
)
REMOVE: Statement[None] = Statement(delete(Passkey).where(THIS, OF_USER))
REMOVE_ALL: Statement[None] = Statement(delete(Passkey).where(OF_USER))


class PasskeyRepository(Repository):
    """Found by what the authenticator calls them, or by their owner."""

    async def by_credential(self, credential_id: str) -> PasskeyRow | None:
        """A passkey, whoever asks."""
        return await self.uow.one(BY_CREDENTIAL, credential_id=credential_id)

    async def of_user(self, user_id: UUID) -> list[PasskeyRow]:
        """The user's, the oldest first."""
        return await self.uow.all(OF, user_id=user_id)

    async def count(self, user_id: UUID) -> int:
        """How many the user has."""
        return await self.uow.value(COUNT, user_id=user_id) or 0

    async def add(self, user_id: UUID, name: str, new: NewPasskey) -> PasskeyRow | None:
        """Another passkey; None when it is known already."""
        return await self.uow.one(
            ADD,
            user_id=user_id,
            credential_id=new.credential_id,
            public_key=new.public_key,
            sign_count=new.sign_count,
            transports=list(new.transports),
            aaguid=new.aaguid,
            name=name,
            is_backed_up=new.is_backed_up,
            last_used_at=None,
        )

    async def use(self, passkey: PasskeyRow, sign_count: int, is_backed_up: bool, now: datetime) -> bool:
        """Note the use; False when the passkey is gone, or its count did not grow."""
        changed = await self.uow.run(
            USE, id=passkey.id, user_id=passkey.user_id, sign_count=sign_count, is_backed_up=is_backed_up, now=now
        )
        return changed == 1

    async def remove(self, user_id: UUID, id: UUID) -> bool:
        """Remove one of the user's; False when there is none."""
        return await self.uow.run(REMOVE, id=id, user_id=user_id) == 1

    async def remove_all(self, user_id: UUID) -> int:
        """Remove all of the user's; how many there were."""
        return await self.uow.run(REMOVE_ALL, user_id=user_id)
