"""What auth tells people about the safety of their accounts. Whoever has stolen a session cannot keep it from the owner."""

from mainspring.core.database import UnitOfWork
from mainspring.core.events import subscribe
from mainspring.modules.notifications.service import NotificationService

from .events import SECURITY, PasswordChanged, RefreshReused

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
