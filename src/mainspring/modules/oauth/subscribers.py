"""What the provider does when something happened to users."""

from mainspring.core.database import UnitOfWork
from mainspring.core.events import subscribe
from mainspring.modules.users.events import UserErased

from .service import ConsentService


@subscribe(UserErased)
async def erase(uow: UnitOfWork, erased: UserErased) -> None:
    """Remove what somebody allowed who is gone for good."""
    await ConsentService(uow).erase(erased.user_id)
