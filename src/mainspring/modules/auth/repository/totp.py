"""Authenticator apps."""

from uuid import UUID

from sqlalchemy import select

from mainspring.core.database import Repository, Statement, bind

from ..models import TotpFactor

OF_USER = TotpFactor.user_id == bind("user_id", TotpFactor.user_id)
ACTIVE = Statement(select(TotpFactor.id).where(OF_USER, TotpFactor.activated_at.is_not(None)), UUID)


class TotpRepository(Repository):
    """At most one a user."""

    async def is_active(self, user_id: UUID) -> bool:
        """Whether the user must show a code to come in."""
        return await self.uow.value(ACTIVE, user_id=user_id) is not None
