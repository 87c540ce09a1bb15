"""What organizations do when something happens to users."""

from mainspring.core.database import UnitOfWork
from mainspring.core.events import subscribe
from mainspring.modules.users.events import UserDeleted

from .service import MemberService


@subscribe(UserDeleted)
async def forget_member(uow: UnitOfWork, deleted: UserDeleted) -> None:
    """Take a deleted user out of every organization; where he was the last owner, somebody follows him."""
    await MemberService(uow).forget(deleted.user_id)
