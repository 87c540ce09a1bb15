"""One thing at a time with the sign-ins of a user."""

from uuid import UUID

from mainspring.core.database import UnitOfWork


async def hold_admissions(uow: UnitOfWork, user_id: UUID) -> None:
    """Until the unit ends, nobody else comes in as this user, no second factor is switched on or off, no session is ended."""
    await uow.lock(f"auth.admission {user_id}", wait=True)
