"""The questions to the database about devices that wait to be let in (RFC 8628)."""

from dataclasses import fields
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update

from mainspring.core.database import Repository, Statement, UtcDateTime, bind, insert_into

from ..models import OAuthDevice
from ..rows import ALLOWED, DeviceRow, Waiting

NOW = bind("now", UtcDateTime)
ROW = tuple(getattr(OAuthDevice, field.name) for field in fields(DeviceRow))
THIS = OAuthDevice.id == bind("id", OAuthDevice.id)
OF_CLIENT = (
    OAuthDevice.device_hash == bind("device_hash", OAuthDevice.device_hash),
    OAuthDevice.client_id == bind("client_id", OAuthDevice.client_id),
)

ADD: Statement[None] = Statement(insert_into(OAuthDevice))
BY_USER_CODE = Statement(
    select(*ROW).where(
        OAuthDevice.user_code_hash == bind("user_code_hash", OAuthDevice.user_code_hash),
        OAuthDevice.decision.is_(None),
        OAuthDevice.expires_at > NOW,
    ),
    DeviceRow,
)
BY_DEVICE = Statement(select(*ROW).where(*OF_CLIENT), DeviceRow)
DECIDE: Statement[None] = Statement(
    update(OAuthDevice)
    .where(THIS, OAuthDevice.decision.is_(None), OAuthDevice.expires_at > NOW)
    .values(
        decision=bind("decision", OAuthDevice.decision),
        user_id=bind("user_id", OAuthDevice.user_id),
        session_id=bind("session_id", OAuthDevice.session_id),
    )
)
NOTE_ASKED: Statement[None] = Statement(
    update(OAuthDevice)
    .where(THIS, OAuthDevice.decision.is_(None))
    .values(asked_at=NOW, interval_seconds=bind("interval_seconds", OAuthDevice.interval_seconds))
)
# Of any number of devices that come with a code exactly one changes a row.
CLAIM = Statement(
    update(OAuthDevice)
    .where(*OF_CLIENT, OAuthDevice.decision == ALLOWED, OAuthDevice.used_at.is_(None), OAuthDevice.expires_at > NOW)
    .values(used_at=NOW)
    .returning(*ROW),
    DeviceRow,
)
FORGET: Statement[None] = Statement(delete(OAuthDevice).where(OAuthDevice.user_id == bind("user_id", OAuthDevice.user_id)))
PRUNE: Statement[None] = Statement(delete(OAuthDevice).where(OAuthDevice.expires_at < bind("before", UtcDateTime)))


class DeviceRepository(Repository):
    """Devices without a keyboard, and what their owners decided on another one."""

    async def add(self, waiting: Waiting) -> None:
        """A new one."""
        await self.uow.run(
            ADD,
            id=waiting.id,
            device_hash=waiting.device_hash,
            user_code_hash=waiting.user_code_hash,
            client_id=waiting.client_id,
            scopes=list(waiting.scopes),
            created_at=waiting.created_at,
            expires_at=waiting.expires_at,
            interval_seconds=waiting.interval_seconds,
            asked_at=None,
            decision=None,
            user_id=None,
            session_id=None,
            used_at=None,
        )

    async def by_user_code(self, user_code_hash: str, now: datetime) -> DeviceRow | None:
        """The one that waits for a decision behind the code that its screen shows."""
        return await self.uow.one(BY_USER_CODE, user_code_hash=user_code_hash, now=now)

    async def by_device(self, device_hash: str, client_id: UUID) -> DeviceRow | None:
        """The one with the code that the device keeps, whatever became of it."""
        return await self.uow.one(BY_DEVICE, device_hash=device_hash, client_id=client_id)

    async def decide(self, id: UUID, decision: str, user_id: UUID, session_id: UUID, now: datetime) -> bool:
        """Note the answer of the user; False when there is one, or the time is over."""
        return await self.uow.run(DECIDE, id=id, decision=decision, user_id=user_id, session_id=session_id, now=now) == 1

    async def note_asked(self, id: UUID, interval_seconds: int, now: datetime) -> None:
        """Remember when the device asked, and how long it has to wait from now on."""
        await self.uow.run(NOTE_ASKED, id=id, interval_seconds=interval_seconds, now=now)

    async def claim(self, device_hash: str, client_id: UUID, now: datetime) -> DeviceRow | None:
        """Use up what was allowed; None for all but the first."""
        return await self.uow.one(CLAIM, device_hash=device_hash, client_id=client_id, now=now)

    async def forget(self, user_id: UUID) -> None:
        """Remove those that a user decided about."""
        await self.uow.run(FORGET, user_id=user_id)

    async def prune(self, before: datetime) -> int:
        """Remove those that ended before then; how many there were."""
        return await self.uow.run(PRUNE, before=before)
