"""Links by mail: proving an address, setting a new password, signing in without one, changing the address."""

from mainspring.core.errors import TooManyRequests
from mainspring.core.http import Answer, App, CallContext, Cookies, WriteUnit, problems
from mainspring.core.security.guard import RecentlyAuthenticated, public
from mainspring.core.security.refusals import StepUpRequired
from mainspring.core.security.same_origin import CrossSite
from mainspring.modules.users.errors import EmailTaken

from ..errors import EmailUnverified, LinkInvalid, SameEmail, WrongPassword
from ..schemas import (
    AskByEmail,
    ChangeEmail,
    ComeInByLink,
    EmailChangeOut,
    MailAskedOut,
    ResetPassword,
    SendProof,
    ShowLink,
)
from ..schemas.answering import SignInOut, answered
from ..service import EmailProofService, Replacing
from ..service.email_proofs import MAGIC, RESET, VERIFY
from ..workflows import ChangingEmail, ProvingMailbox
from .presenting import refuse_strangers
from .router import router


@router.post("/auth/verify-email", status_code=204, dependencies=[public], responses=problems(LinkInvalid))
async def verify_email(body: ShowLink, application: App, context: CallContext) -> None:
    """Prove one's address with the link that was mailed to it."""
    await ProvingMailbox(application, context).verify(body)


@router.post("/auth/verify-email/resend", status_code=202, dependencies=[public])
async def resend_verification(body: AskByEmail, uow: WriteUnit) -> MailAskedOut:
    """Have the link to prove an address mailed once more. The answer is the same for every address."""
    await EmailProofService(uow).ask(SendProof(body.email, VERIFY, "verify_email"))
    return MailAskedOut()


@router.post("/auth/forgot-password", status_code=202, dependencies=[public])
async def forgot_password(body: AskByEmail, uow: WriteUnit) -> MailAskedOut:
    """Have a link mailed that sets a new password. The answer is the same for every address."""
    await EmailProofService(uow).ask(SendProof(body.email, RESET, "reset_password"))
    return MailAskedOut()


@router.post("/auth/reset-password", status_code=204, dependencies=[public], responses=problems(LinkInvalid))
async def reset_password(body: ResetPassword, application: App, context: CallContext) -> None:
    """Set a new password with the link that was mailed; every session ends, and so does a change of the address under way."""
    await ProvingMailbox(application, context).reset_password(body)


@router.post("/auth/magic-link", status_code=202, dependencies=[public])
async def ask_for_magic_link(body: AskByEmail, uow: WriteUnit) -> MailAskedOut:
    """Have a link mailed that signs in. The answer is the same for every address."""
    await EmailProofService(uow).ask(SendProof(body.email, MAGIC, "magic_link"))
    return MailAskedOut()


@router.post("/auth/magic-link/verify", dependencies=[public], responses=problems(LinkInvalid, EmailUnverified, CrossSite))
async def sign_in_by_link(
    body: ComeInByLink, application: App, context: CallContext, answer: Answer, cookies: Cookies
) -> SignInOut:
    """Sign in with a link that was mailed; an account with a second factor still asks for it."""
    refuse_strangers(body.transport, cookies)
    before = cookies.refresh_token()
    outcome = await ProvingMailbox(application, context).sign_in(body)
    await Replacing(application, context).run(outcome, before)
    return answered(answer, cookies, outcome)


@router.post("/auth/change-email", status_code=202, responses=problems(WrongPassword, SameEmail, StepUpRequired, TooManyRequests))
async def change_email(
    body: ChangeEmail, caller: RecentlyAuthenticated, application: App, context: CallContext
) -> EmailChangeOut:
    """Wish another address; links in the mails to the old and the new one confirm it."""
    await ChangingEmail(application, context).run(caller, body)
    return EmailChangeOut(changed=False)


@router.post("/auth/change-email/confirm", dependencies=[public], responses=problems(LinkInvalid, EmailTaken))
async def confirm_email_change(body: ShowLink, application: App, context: CallContext) -> EmailChangeOut:
    """Agree to a change of the address with the link that was mailed; it happens once both mailboxes agreed."""
    return EmailChangeOut(changed=await ProvingMailbox(application, context).confirm_change(body))
