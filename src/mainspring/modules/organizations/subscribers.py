"""What organizations do when something happens to users."""

from mainspring.core.database import UnitOfWork
from mainspring.core.events import subscribe
from mainspring.modules.users.events import UserDeleted, UserErased

from .service import MemberService


@subscribe(UserDeleted)
async def forget_deleted_member(uow: UnitOfWork, deleted: UserDeleted) -> None:
    """Take a deleted user out of every organization; where he was the last owner, somebody follows him."""
    await MemberService(uow).forget(deleted.user_id)


@subscribe(UserErased)
async def forget_erased_member(uow: UnitOfWork, erased: UserErased) -> None:
    """The same for somebody who is gone by his own wish."""
    await MemberService(uow).forget(erased.user_id)
