"""What notifications do when something happened to users."""

from mainspring.core.database import UnitOfWork
from mainspring.core.events import subscribe
from mainspring.modules.users.events import UserCreated, UserErased

from .service import NotificationService


@subscribe(UserCreated, queue="mail")
async def welcome(uow: UnitOfWork, created: UserCreated) -> None:
    """Greet whoever has an account now, once the account is there for good (R-285)."""
    await NotificationService(uow).welcome(created.user_id)


@subscribe(UserErased)
async def erase(uow: UnitOfWork, erased: UserErased) -> None:
    """Remove what is kept about somebody who is gone for good."""
    await NotificationService(uow).erase(erased.user_id)
