"""What auth tells people about the safety of their accounts. Whoever has stolen a session cannot keep it from the owner."""

from mainspring.core.database import UnitOfWork
from mainspring.core.events import subscribe
from mainspring.core.mail.filters import moment
from mainspring.core.settings import Settings as CoreSettings
from mainspring.modules.notifications.service import NotificationService
from mainspring.modules.users.service import UserService

from .events import (
    SECURITY,
    AccountClaimed,
    DeletionCancelled,
    DeletionWished,
    EmailChanged,
    EmailChangeWished,
    ImpersonationBegan,
    MfaReset,
    NewDevice,
    PasskeyAdded,
    PasskeyRemoved,
    PasswordChanged,
    PasswordReset,
    RecoveryCodesRenewed,
    RecoveryCodeUsed,
    RefreshReused,
    TotpDisabled,
    TotpEnabled,
)
from .settings import Settings

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


@subscribe(NewDevice, queue="mail")
async def tell_of_new_device(uow: UnitOfWork, began: NewDevice) -> None:
    """Say that somebody signed in on a device that was not seen before (ASVS 6.3.5)."""
    place = " ".join(part for part in (began.place, f"({began.ip_address})" if began.ip_address else None) if part)
    where = f" from {place}" if place else ""
    body = (
        f"Somebody signed in with {began.device or 'a program that does not tell its name'}{where} on {moment(began.at)}.\n\n"
        "If it was you, all is well. If not, set a new password, which signs out all devices, and look at the list of them."
    )
    data = {"sessionId": began.session_id}
    await NotificationService(uow).notify(began.user_id, SECURITY, "A new device signed in to your account", body, data)


@subscribe(PasswordReset, queue="mail")
async def tell_of_reset_password(uow: UnitOfWork, reset: PasswordReset) -> None:
    """Say that somebody who reads the mailbox set a new password (ASVS 6.3.7)."""
    body = f"It was set with a link that we mailed to this address. All devices were signed out.\n\n{IF_IT_WAS_NOT_YOU}"
    await NotificationService(uow).notify(reset.user_id, SECURITY, "Your password was set anew", body)


@subscribe(AccountClaimed, queue="mail")
async def tell_of_claimed_account(uow: UnitOfWork, claimed: AccountClaimed) -> None:
    """Say which ways in of before the address was proved are gone."""
    if not claimed.removed:
        return
    ways = " and ".join(claimed.removed)
    body = (
        f"You came in with a link for the first time, and so proved that this address is yours. Whoever had set up the {ways} "
        "before had not proved it, so we removed them and signed out all devices.\n\nIf you need a password, ask for a link to "
        "set one."
    )
    await NotificationService(uow).notify(claimed.user_id, SECURITY, f"Removed from your account: {ways}", body)


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


@subscribe(TotpEnabled, queue="mail")
async def tell_of_second_factor(uow: UnitOfWork, enabled: TotpEnabled) -> None:
    """Say that signing in needs a code from now on."""
    title = "Two-step sign-in was switched on"
    body = (
        "Signing in needs a code of your authenticator app from now on. All other devices were signed out. Keep the recovery "
        f"codes where you find them without your phone.\n\n{IF_IT_WAS_NOT_YOU}"
    )
    await NotificationService(uow).notify(enabled.user_id, SECURITY, title, body)


@subscribe(TotpDisabled, queue="mail")
async def tell_of_no_second_factor(uow: UnitOfWork, disabled: TotpDisabled) -> None:
    """Say that signing in needs no code any more."""
    body = f"Signing in needs no code any more. All other devices were signed out.\n\n{IF_IT_WAS_NOT_YOU}"
    await NotificationService(uow).notify(disabled.user_id, SECURITY, "Two-step sign-in was switched off", body)


@subscribe(MfaReset, queue="mail")
async def tell_of_reset_second_factor(uow: UnitOfWork, reset: MfaReset) -> None:
    """Say that an administrator took the second factors away."""
    body = (
        "An administrator removed your authenticator app and your recovery codes, and all devices were signed out. Sign in and "
        f"set up a new one.\n\n{IF_IT_WAS_NOT_YOU}"
    )
    await NotificationService(uow).notify(reset.user_id, SECURITY, "Two-step sign-in was reset", body)


@subscribe(RecoveryCodesRenewed, queue="mail")
async def tell_of_new_recovery_codes(uow: UnitOfWork, renewed: RecoveryCodesRenewed) -> None:
    """Say that there are other recovery codes."""
    body = f"The ones you had are worth nothing any more.\n\n{IF_IT_WAS_NOT_YOU}"
    await NotificationService(uow).notify(renewed.user_id, SECURITY, "You have new recovery codes", body)


@subscribe(RecoveryCodeUsed, queue="mail")
async def tell_of_used_recovery_code(uow: UnitOfWork, used: RecoveryCodeUsed) -> None:
    """Say that a recovery code was used, and how many are left."""
    body = f"It is worth nothing any more. Codes left: {used.left}.\n\n{IF_IT_WAS_NOT_YOU}"
    await NotificationService(uow).notify(used.user_id, SECURITY, "A recovery code was used", body, {"left": used.left})


@subscribe(DeletionWished, queue="mail")
async def tell_of_wished_deletion(uow: UnitOfWork, wished: DeletionWished) -> None:
    """Say when the account goes, and how to keep it."""
    body = (
        f"You are signed out everywhere. On {moment(wished.due_at)} the account is erased, and nothing brings it back.\n\n"
        "To keep it, sign in before. If it was not you who asked for this, sign in now and set a new password."
    )
    await NotificationService(uow).notify(wished.user_id, SECURITY, "Your account is going to be erased", body)


@subscribe(DeletionCancelled, queue="mail")
async def tell_of_cancelled_deletion(uow: UnitOfWork, cancelled: DeletionCancelled) -> None:
    """Say that the account stays."""
    body = f"You signed in again, so it is not erased.\n\n{IF_IT_WAS_NOT_YOU}"
    await NotificationService(uow).notify(cancelled.user_id, SECURITY, "Your account stays", body)


@subscribe(ImpersonationBegan, queue="mail")
async def tell_of_impersonation(uow: UnitOfWork, began: ImpersonationBegan) -> None:
    """Say that somebody acts in the account, why and until when, where the installation tells it."""
    if not uow.port(CoreSettings).section(Settings).impersonation_notice:
        return
    person = (await UserService(uow).living([began.impersonator_id])).get(began.impersonator_id)
    name = person.name if person else "Somebody"
    body = (
        f"{name}, who looks after this service, sees and uses your account as you do, until {moment(began.expires_at)} at the "
        f"latest.\n\nThe reason: {began.reason}\n\nYour password, your second factors and your money are out of reach meanwhile. "
        "The list of your devices shows it, and you can end it there."
    )
    data = {"sessionId": began.session_id, "impersonatedBy": began.impersonator_id}
    await NotificationService(uow).notify(began.user_id, SECURITY, "Somebody of the support acts in your account", body, data)


@subscribe(PasskeyAdded, queue="mail")
async def tell_of_new_passkey(uow: UnitOfWork, added: PasskeyAdded) -> None:
    """Say that there is another passkey."""
    body = f"Whoever holds it signs in without a password: {added.name}.\n\n{IF_IT_WAS_NOT_YOU}"
    await NotificationService(uow).notify(added.user_id, SECURITY, "A passkey was added", body)


@subscribe(PasskeyRemoved, queue="mail")
async def tell_of_removed_passkey(uow: UnitOfWork, removed: PasskeyRemoved) -> None:
    """Say that a passkey is gone."""
    body = f"It signs nobody in any more: {removed.name}.\n\n{IF_IT_WAS_NOT_YOU}"
    await NotificationService(uow).notify(removed.user_id, SECURITY, "A passkey was removed", body)
