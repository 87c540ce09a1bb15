"""What social tells people, and what it does when an account is gone."""

from mainspring.core.database import UnitOfWork
from mainspring.core.events import subscribe
from mainspring.modules.notifications.service import NotificationService
from mainspring.modules.users.events import UserErased
from mainspring.modules.users.service import UserService

from .events import LINKS, AccountMade, IdentityLinked, IdentityUnlinked, LinkEvent
from .service import LinkService

IF_IT_WAS_NOT_YOU = "If it was not you, remove it in your account and tell whoever runs this service: somebody else signed in."


@subscribe(IdentityLinked, queue="mail")
async def tell_of_link(uow: UnitOfWork, linked: IdentityLinked) -> None:
    """Say that there is a further way in."""
    body = f"You can sign in with your account at {linked.label} from now on.\n\n{IF_IT_WAS_NOT_YOU}"
    await _tell(uow, linked, f"Sign-in with {linked.label} was added", body)


@subscribe(AccountMade, queue="mail")
async def tell_of_account(uow: UnitOfWork, made: AccountMade) -> None:
    """Say that there is an account."""
    body = (
        f"Your account was made when you signed in with {made.label}, and that is how you sign in again. You can set a password "
        "as well: ask for a link to set one.\n\nIf it was not you, tell whoever runs this service."
    )
    await _tell(uow, made, "Your account is ready", body)


@subscribe(IdentityUnlinked, queue="mail")
async def tell_of_unlink(uow: UnitOfWork, unlinked: IdentityUnlinked) -> None:
    """Say that a way in is gone."""
    body = (
        f"Your account at {unlinked.label} opens this account no more.\n\n"
        "If it was not you, somebody else can use your account: set a new password, which signs out all devices."
    )
    await _tell(uow, unlinked, f"Sign-in with {unlinked.label} was removed", body)


@subscribe(UserErased)
async def forget_links(uow: UnitOfWork, erased: UserErased) -> None:
    """Nothing of an erased account stays; the outside account may make a new one."""
    await LinkService(uow).remove_all(erased.user_id)


async def _tell(uow: UnitOfWork, fact: LinkEvent, title: str, body: str) -> None:
    """Tell the owner, if there still is one."""
    if await UserService(uow).standing([fact.user_id]):
        await NotificationService(uow).notify(fact.user_id, LINKS, title, body, {"linkId": fact.link_id})
