"""What auth tells people about the safety of their accounts. Whoever has stolen a session cannot keep it from the owner."""

from mainspring.core.database import UnitOfWork
from mainspring.core.events import subscribe
from mainspring.modules.notifications.service import NotificationService

from .events import (
    SECURITY,
    MfaReset,
    PasskeyAdded,
    PasskeyRemoved,
    PasswordChanged,
    RecoveryCodesRenewed,
    RecoveryCodeUsed,
    RefreshReused,
    TotpDisabled,
    TotpEnabled,
)

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
