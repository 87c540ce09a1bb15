"""What auth tells people about the safety of their accounts. Whoever has stolen a session cannot keep it from the owner."""

from mainspring.core.database import UnitOfWork
from mainspring.core.events import subscribe
from mainspring.modules.notifications.service import NotificationService

from .events import SECURITY, AccountClaimed, EmailChanged, EmailChangeWished, PasswordChanged, PasswordReset, RefreshReused

IF_IT_WAS_NOT_YOU = "If it was not you, tell whoever runs this service at once: somebody else can use your account."


@subscribe(PasswordChanged, queue="mail")
async def tell_of_new_password(uow: UnitOfWork, changed: PasswordChanged) -> None:
    """Say that the password was changed."""
    body = f"All other devices were signed out. Sign in there with the new password.\n\n{IF_IT_WAS_NOT_YOU}"
    await NotificationService(uow).notify(changed.user_id, SECURITY, "Your password was changed", body)


@subscribe(RefreshReused, queue="mail")
async def tell_of_stolen_session(uow: UnitOfWork, reused: RefreshReused) -> None:
    """Say that a session was ended because its token was used twice."""
    title = "A device was signed out for your safety"
    body = (
        "The key that keeps a device signed in was used a second time, as happens when somebody copied it. We ended that "
        "session on every device.\n\nSign in again. If you do not know why this happened, change your password."
    )
    await NotificationService(uow).notify(reused.user_id, SECURITY, title, body, {"sessionId": reused.session_id})


@subscribe(PasswordReset, queue="mail")
async def tell_of_reset_password(uow: UnitOfWork, reset: PasswordReset) -> None:
    """Say that somebody who reads the mailbox set a new password (ASVS 6.3.7)."""
    body = f"It was set with a link that we mailed to this address. All devices were signed out.\n\n{IF_IT_WAS_NOT_YOU}"
    await NotificationService(uow).notify(reset.user_id, SECURITY, "Your password was set anew", body)


@subscribe(AccountClaimed, queue="mail")
async def tell_of_claimed_account(uow: UnitOfWork, claimed: AccountClaimed) -> None:
    """Say that the password of before the address was proved is gone."""
    body = (
        "You signed in with a link for the first time, and so proved that this address is yours. Whoever had set a password "
        "before had not proved it, so we removed that password and signed out all devices.\n\nTo have a password again, ask "
        "for a link to set one."
    )
    await NotificationService(uow).notify(claimed.user_id, SECURITY, "The password of your account was removed", body)


@subscribe(EmailChangeWished, queue="mail")
async def tell_of_wished_address(uow: UnitOfWork, wished: EmailChangeWished) -> None:
    """Tell the address of now that another one is wished, whether or not it is asked (ASVS 6.3.7)."""
    body = (
        f"The account is to move to {wished.new_email}. Nothing changes before the mailboxes agree.\n\n"
        "If it was not you, somebody knows your password: set a new one, which also stops this change."
    )
    await NotificationService(uow).notify(wished.user_id, SECURITY, "A new e-mail address is wished for your account", body)


@subscribe(EmailChanged, queue="mail")
async def tell_of_new_address(uow: UnitOfWork, changed: EmailChanged) -> None:
    """Tell the user, and the address that was his."""
    notifications = NotificationService(uow)
    body = f"You sign in with {changed.new_email} from now on. All other devices were signed out."
    await notifications.notify(changed.user_id, SECURITY, "Your e-mail address was changed", body)
    await notifications.mail_to(changed.old_email, "auth/email_changed", new_email=changed.new_email)
