"""Making accounts, for oneself and for others, and their passwords."""

from mainspring.core.errors import TooManyRequests
from mainspring.core.http import Answer, App, CallContext, Cookies, problems
from mainspring.core.security.guard import CurrentPerson, RecentlyAuthenticated, public
from mainspring.core.security.refusals import StepUpRequired
from mainspring.modules.access.errors import LastAdministrator, RoleNotFound
from mainspring.modules.users.errors import EmailTaken
from mainspring.modules.users.permissions import Administrator, UserCreator
from mainspring.modules.users.schemas import UserOut

from ..errors import RegistrationClosed, WrongPassword
from ..schemas import ChangePassword, CreateUser, CurrentPassword, DeletionOut, Register
from ..workflows import ChangingPassword, Leaving, Registering
from .router import router


@router.post("/auth/register", status_code=201, dependencies=[public], responses=problems(EmailTaken, RegistrationClosed))
async def register(body: Register, application: App, context: CallContext, answer: Answer) -> UserOut:
    """Make an account for oneself."""
    profile = await Registering(application, context).register(body)
    answer.location(f"/api/v1/users/{profile.user.id}")
    return UserOut.of(profile)


@router.post("/auth/change-password", status_code=204, responses=problems(WrongPassword, TooManyRequests))
async def change_password(body: ChangePassword, caller: CurrentPerson, application: App, context: CallContext) -> None:
    """Choose a new password; all other sessions end."""
    await ChangingPassword(application, context).run(caller, body)


@router.delete(
    "/users/me", status_code=202, responses=problems(WrongPassword, StepUpRequired, LastAdministrator, TooManyRequests)
)
async def delete_me(
    body: CurrentPassword, caller: RecentlyAuthenticated, application: App, context: CallContext, cookies: Cookies
) -> DeletionOut:
    """Delete one's own account: all sessions end now, and everything personal is erased once the grace is over."""
    erased_at = await Leaving(application, context).run(caller, body)
    cookies.forget()
    return DeletionOut(erased_at=erased_at)


@router.post("/users", status_code=201, responses=problems(EmailTaken, RoleNotFound))
async def create_user(body: CreateUser, caller: UserCreator, application: App, context: CallContext, answer: Answer) -> UserOut:
    """Make an account for somebody else, and choose the roles."""
    profile = await Registering(application, context).create(caller, body)
    answer.location(f"/api/v1/users/{profile.user.id}")
    return UserOut.of(profile)


@router.post("/admin/users", status_code=201, responses=problems(EmailTaken, RoleNotFound))
async def create_user_as_administrator(
    body: CreateUser, caller: Administrator, application: App, context: CallContext, answer: Answer
) -> UserOut:
    """Make an account for somebody else, for administrators only (R-288)."""
    profile = await Registering(application, context).create(caller, body)
    answer.location(f"/api/v1/users/{profile.user.id}")
    return UserOut.of(profile)
