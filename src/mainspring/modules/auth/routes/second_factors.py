"""Second factors, and proving again that it is oneself."""

from uuid import UUID

from mainspring.core.errors import TooManyRequests
from mainspring.core.http import Answer, App, CallContext, Cookies, ReadUnit, WriteUnit, problems
from mainspring.core.security.guard import RecentlyAuthenticated, public, recently_signed_in
from mainspring.core.security.narrow_sessions import PersonOrEnrolling, RecentOrEnrolling
from mainspring.core.security.refusals import StepUpRequired
from mainspring.core.security.same_origin import CrossSite
from mainspring.modules.users.errors import UserNotFound

from ..errors import (
    MfaTokenInvalid,
    PasskeyRefused,
    SecondFactorCompulsory,
    SecondFactorRefused,
    StepUpImpossible,
    TotpActive,
    TotpNotActive,
    WrongCode,
    WrongPassword,
)
from ..permissions import MfaResetter
from ..schemas import (
    ActivateTotp,
    BearerOut,
    CookieOut,
    CurrentPassword,
    MfaOut,
    RecoveryCodesOut,
    StepUp,
    TotpEnrolmentOut,
    VerifyMfa,
)
from ..schemas.answering import entered
from ..service import FactorService, Replacing
from ..workflows import Completing, SecondFactors, SteppingUp
from .presenting import refuse_strangers
from .router import router


@router.post(
    "/auth/mfa/verify",
    dependencies=[public],
    responses=problems(MfaTokenInvalid, SecondFactorRefused, CrossSite, TooManyRequests),
)
async def verify_second_factor(
    body: VerifyMfa, application: App, context: CallContext, answer: Answer, cookies: Cookies
) -> BearerOut | CookieOut:
    """The second step of a sign-in: the token of the first one, and a code."""
    before = cookies.refresh_token()
    signed_in = await Completing(application, context).run(body, lambda transport: refuse_strangers(transport, cookies))
    await Replacing(application, context).run(signed_in, before)
    return entered(answer, cookies, signed_in)


@router.post(
    "/auth/step-up",
    status_code=204,
    responses=problems(WrongPassword, WrongCode, PasskeyRefused, StepUpImpossible, TooManyRequests),
)
async def step_up(body: StepUp, caller: PersonOrEnrolling, application: App, context: CallContext) -> None:
    """Prove again that it is you, with everything that the account has; delicate changes are let through for a while then."""
    await SteppingUp(application, context).run(caller, body)


@router.get("/auth/mfa")
async def get_second_factors(caller: PersonOrEnrolling, uow: ReadUnit) -> MfaOut:
    """One's second factors."""
    return MfaOut.of(await FactorService(uow).of(caller.id))


@router.post("/auth/mfa/totp/enroll", responses=problems(TotpActive, StepUpRequired))
async def enroll_totp(caller: RecentOrEnrolling, application: App, context: CallContext, answer: Answer) -> TotpEnrolmentOut:
    """A secret for an authenticator app. It counts once its first code is shown."""
    answer.header("Cache-Control", "no-store")
    return TotpEnrolmentOut.of(await SecondFactors(application, context).enroll(caller))


@router.post("/auth/mfa/totp/activate", responses=problems(WrongCode, TotpActive, TotpNotActive, StepUpRequired, TooManyRequests))
async def activate_totp(
    body: ActivateTotp, caller: RecentOrEnrolling, application: App, context: CallContext, answer: Answer
) -> RecoveryCodesOut:
    """Show the app's first code. Signing in asks for one from now on, and all other sessions end."""
    answer.header("Cache-Control", "no-store")
    return RecoveryCodesOut(recovery_codes=await SecondFactors(application, context).activate(caller, body))


@router.delete(
    "/auth/mfa/totp",
    status_code=204,
    responses=problems(WrongPassword, TotpNotActive, SecondFactorCompulsory, StepUpRequired, TooManyRequests),
)
async def disable_totp(
    caller: RecentlyAuthenticated, application: App, context: CallContext, body: CurrentPassword | None = None
) -> None:
    """Remove the authenticator app and the recovery codes; all other sessions end."""
    await SecondFactors(application, context).disable(caller, body)


@router.post("/auth/mfa/recovery-codes", responses=problems(WrongPassword, TotpNotActive, StepUpRequired, TooManyRequests))
async def renew_recovery_codes(
    caller: RecentlyAuthenticated,
    application: App,
    context: CallContext,
    answer: Answer,
    body: CurrentPassword | None = None,
) -> RecoveryCodesOut:
    """Other recovery codes in place of those there were."""
    answer.header("Cache-Control", "no-store")
    return RecoveryCodesOut(recovery_codes=await SecondFactors(application, context).renew_codes(caller, body))


@router.delete(
    "/users/{id}/mfa",
    status_code=204,
    dependencies=[recently_signed_in],
    responses=problems(UserNotFound, StepUpRequired),
)
async def reset_second_factors(id: UUID, caller: MfaResetter, uow: WriteUnit) -> None:
    """Take the second factors from a user who lost them, and end all of the user's sessions."""
    await FactorService(uow).reset(caller, id)
