"""Devices without a keyboard or a browser: their owner lets them in on another one (RFC 8628)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from mainspring.core import clock, ids
from mainspring.core.database import UnitOfWork
from mainspring.modules.auth.rows import SessionRow

from ..errors import (
    AuthorizationPending,
    DeviceDenied,
    DeviceExpired,
    InvalidGrant,
    InvalidRequest,
    SlowDown,
    UserCodeUnknown,
)
from ..events import DeviceDecided
from ..proofs import hash_of, new_code, new_user_code, user_code_hash
from ..repository import DeviceRepository
from ..rows import ALLOWED, DENIED, ClientRow, DeviceRow, OfferedDevice, Waiting
from .consents import ConsentService
from .grants import Allowed, Granted, GrantService

LIFE = timedelta(minutes=10)
INTERVAL_SECONDS, LONGER_SECONDS = 5, 5  # RFC 8628 3.2, 3.5


class DeviceService:
    """The device keeps one code, and its screen shows another. Both are stored as hashes."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.devices = DeviceRepository(uow)

    async def offer(self, client: ClientRow, scopes: Sequence[str]) -> OfferedDevice:
        """Let a device wait for its owner."""
        device_code, user_code, now = new_code(), new_user_code(), clock.now()
        await self.devices.add(
            Waiting(
                id=ids.new(),
                device_hash=hash_of(device_code),
                user_code_hash=user_code_hash(user_code),
                client_id=client.id,
                scopes=tuple(scopes),
                created_at=now,
                expires_at=now + LIFE,
                interval_seconds=INTERVAL_SECONDS,
            )
        )
        return OfferedDevice(device_code, user_code, int(LIFE.total_seconds()), INTERVAL_SECONDS)

    async def waiting(self, user_code: str) -> DeviceRow:
        """The device that waits behind what somebody typed. Call it within a limit on guesses. Raises UserCodeUnknown."""
        found = await self.devices.by_user_code(user_code_hash(user_code), clock.now())
        if found is None:
            raise UserCodeUnknown()
        return found

    async def decide(self, device: DeviceRow, session: SessionRow, *, allowed: bool) -> None:
        """The answer of its owner, who signed in on our page. Raises UserCodeUnknown when there is an answer already."""
        decision = ALLOWED if allowed else DENIED
        if allowed:
            await ConsentService(self.uow).give(session.user_id, device.client_id, device.scopes)
        if not await self.devices.decide(device.id, decision, session.user_id, session.id, clock.now()):
            raise UserCodeUnknown()
        scopes = tuple(device.scopes) if allowed else ()
        self.uow.publish(DeviceDecided(device.client_id, session.user_id, scopes))

    async def exchange(self, client: ClientRow, device_code: str, key_thumbprint: str | None) -> Granted:
        """A session for what was allowed, once.

        Raises InvalidGrant, AuthorizationPending, SlowDown, DeviceDenied, DeviceExpired.
        """
        row = await self.devices.claim(hash_of(device_code), client.id, clock.now())
        if row is None or row.user_id is None or row.session_id is None:
            raise await self._why_not(client, device_code)
        allowed = Allowed(row.user_id, row.session_id, row.scopes, None, key_thumbprint)
        return await GrantService(self.uow).let_in(client, allowed)

    async def prune(self, before: datetime) -> int:
        """Remove those that ended before then; how many there were."""
        return await self.devices.prune(before)

    async def _why_not(self, client: ClientRow, device_code: str) -> InvalidRequest:
        row, now = await self.devices.by_device(hash_of(device_code), client.id), clock.now()
        if row is None or row.used_at is not None:
            return InvalidGrant()
        if row.decision == DENIED:
            return DeviceDenied()
        if row.expires_at <= now:
            return DeviceExpired()
        is_early = row.asked_at is not None and now - row.asked_at < timedelta(seconds=row.interval_seconds)
        await self.devices.note_asked(row.id, row.interval_seconds + (LONGER_SECONDS if is_early else 0), now)
        return SlowDown() if is_early else AuthorizationPending()
