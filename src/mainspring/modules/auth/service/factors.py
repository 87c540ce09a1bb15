"""Second factors: what an account asks for beside its first proof."""

from uuid import UUID

from mainspring.core.database import UnitOfWork

from ..repository import TotpRepository

TOTP_METHODS = ("totp", "recovery_code")


class FactorService:
    """Tells which second factors an account has."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.totp = TotpRepository(uow)

    async def methods_of(self, user_id: UUID) -> tuple[str, ...]:
        """The ways to prove the second factor; none when the account asks for none."""
        return TOTP_METHODS if await self.totp.is_active(user_id) else ()


async def hold_admissions(uow: UnitOfWork, user_id: UUID) -> None:
    """Until the unit ends, nobody else comes in as this user, and no second factor is switched on or off."""
    await uow.lock(f"auth.admission {user_id}", wait=True)
