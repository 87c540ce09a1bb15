"""What people allowed clients: remembered, shown, taken back (ASVS 10.7)."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from mainspring.core.database import Page, Slice, UnitOfWork
from mainspring.core.personal_data import every_row
from mainspring.core.security.principal import Principal
from mainspring.modules.auth.service import SessionService
from mainspring.modules.auth.service.holding import hold_admissions

from ..errors import ConsentNotFound
from ..events import AccessWithdrawn, ConsentGiven
from ..repository import CONSENTS, CodeRepository, ConsentRepository, DeviceRepository, GrantRepository
from ..rows import ConsentRow
from ..schemas import ConsentQuery


class ConsentService:
    """Everybody's own. A consent is for one client and the scopes that were named, so whoever asks for more asks again."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.consents = ConsentRepository(uow)

    async def covers(self, user_id: UUID, client_id: UUID, scopes: Iterable[str]) -> bool:
        """Whether the user allowed the client all of these."""
        consent = await self.consents.of(user_id, client_id)
        return consent is not None and set(scopes) <= set(consent.scopes)

    async def give(self, user_id: UUID, client_id: UUID, scopes: Iterable[str]) -> None:
        """Allow the client these too."""
        await hold_admissions(self.uow, user_id)
        before = await self.consents.of(user_id, client_id)
        allowed = sorted({*scopes, *(before.scopes if before else ())})
        await self.consents.remember(user_id, client_id, allowed)
        self.uow.publish(ConsentGiven(client_id, user_id, tuple(allowed)))

    async def find(self, caller: Principal, query: ConsentQuery) -> Page[ConsentRow] | Slice[ConsentRow]:
        """What the caller allowed."""
        return await query.fetch(self.uow, CONSENTS, user_id=caller.id)

    async def withdraw(self, user_id: UUID, client_id: UUID) -> None:
        """Take everything back: the consent, the sessions, and codes under way, which find no consent. Raises ConsentNotFound."""
        await hold_admissions(self.uow, user_id)
        if not await self.consents.forget(user_id, client_id):
            raise ConsentNotFound()
        grants = await GrantRepository(self.uow).of(user_id, client_id)
        await SessionService(self.uow).end_several([grant.id for grant in grants], "consent_withdrawn")
        scopes = {scope for grant in grants for scope in grant.scopes}
        self.uow.publish(AccessWithdrawn(client_id, user_id, tuple(sorted(scopes))))

    async def erase(self, user_id: UUID) -> None:
        """Remove what is kept about somebody who is gone for good; what clients had ended with his sessions."""
        await self.consents.forget_all(user_id)
        await CodeRepository(self.uow).forget(user_id)
        await DeviceRepository(self.uow).forget(user_id)


async def personal_data(uow: UnitOfWork, user_id: UUID) -> dict[str, Any]:  # Any: JSON values
    """Which clients the user let in, and for what."""
    return {"consents": await every_row(uow, CONSENTS, user_id=user_id)}
