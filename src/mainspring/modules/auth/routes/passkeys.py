"""Passkeys: making them, signing in with them, showing and removing them."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from mainspring.core.http import Answer, App, CallContext, Cookies, PageOut, ReadUnit, WriteUnit, pagination_of, problems
from mainspring.core.security.guard import CurrentPerson, RecentlyAuthenticated, public
from mainspring.core.security.narrow_sessions import RecentOrEnrolling
from mainspring.core.security.refusals import StepUpRequired
from mainspring.core.security.same_origin import CrossSite

from ..errors import (
    MfaTokenInvalid,
    PasskeyKnown,
    PasskeyNotFound,
    PasskeyRefused,
    SecondFactorCompulsory,
    SignInPasskeyRefused,
    TooManyPasskeys,
)
from ..schemas import (
    AskForPasskey,
    CreationOptionsOut,
    PasskeyOut,
    PasskeyQuery,
    RegisterPasskey,
    RequestOptionsOut,
    SignInWithPasskey,
)
from ..schemas.answering import SignInOut, answered
from ..service import PasskeyService, Replacing
from ..workflows import Passkeys
from .options import creation_options, request_options
from .presenting import refuse_strangers
from .router import router


@router.post("/auth/passkeys/register/options", responses=problems(StepUpRequired))
async def ask_for_new_passkey(
    caller: RecentOrEnrolling, application: App, context: CallContext, answer: Answer
) -> CreationOptionsOut:
    """What `navigator.credentials.create()` needs."""
    answer.header("Cache-Control", "no-store")
    passkeys = Passkeys(application, context)
    return creation_options(passkeys.party, await passkeys.ask_for_new(caller))


@router.post(
    "/auth/passkeys/register/verify",
    status_code=201,
    responses=problems(PasskeyRefused, PasskeyKnown, TooManyPasskeys, StepUpRequired),
)
async def register_passkey(
    body: RegisterPasskey, caller: RecentOrEnrolling, application: App, context: CallContext, answer: Answer
) -> PasskeyOut:
    """Keep the passkey that the browser made."""
    passkey = await Passkeys(application, context).register(caller, body)
    answer.location("/api/v1/auth/passkeys")
    return PasskeyOut.of(passkey)


@router.post("/auth/passkeys/login/options", dependencies=[public], responses=problems(MfaTokenInvalid))
async def ask_for_passkey(
    application: App, context: CallContext, answer: Answer, body: AskForPasskey | None = None
) -> RequestOptionsOut:
    """What `navigator.credentials.get()` needs: for signing in without an address, or with `mfaToken` as the second step."""
    answer.header("Cache-Control", "no-store")
    passkeys = Passkeys(application, context)
    return request_options(passkeys.party, await passkeys.ask(body or AskForPasskey()))


@router.post("/auth/passkeys/login/verify", dependencies=[public], responses=problems(SignInPasskeyRefused, CrossSite))
async def sign_in_with_passkey(
    body: SignInWithPasskey, application: App, context: CallContext, answer: Answer, cookies: Cookies
) -> SignInOut:
    """Sign in with a passkey alone; it holds both factors."""
    refuse_strangers(body.transport, cookies)
    before = cookies.refresh_token()
    outcome = await Passkeys(application, context).sign_in(body)
    await Replacing(application, context).run(outcome, before)
    return answered(answer, cookies, outcome)


@router.get("/auth/passkeys")
async def list_passkeys(query: Annotated[PasskeyQuery, Query()], caller: CurrentPerson, uow: ReadUnit) -> PageOut[PasskeyOut]:
    """The caller's passkeys."""
    found = await PasskeyService(uow).listed(caller.id, query)
    return PageOut[PasskeyOut](data=PasskeyOut.list_of(found.rows), pagination=pagination_of(found))


@router.delete(
    "/auth/passkeys/{id}", status_code=204, responses=problems(PasskeyNotFound, SecondFactorCompulsory, StepUpRequired)
)
async def remove_passkey(id: UUID, caller: RecentlyAuthenticated, uow: WriteUnit) -> None:
    """Remove one of the caller's passkeys."""
    await PasskeyService(uow).remove(caller.id, id)
