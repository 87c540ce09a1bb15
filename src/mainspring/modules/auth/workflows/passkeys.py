"""Registering passkeys and signing in with them. Signatures are checked between short units."""

from uuid import UUID

from mainspring.core.application import Application
from mainspring.core.context import Context
from mainspring.core.errors import MainspringError
from mainspring.core.limits.failures import FailureLimit
from mainspring.core.security.principal import Principal
from mainspring.modules.users.service import UserService

from ..errors import MfaTokenInvalid, PasskeyRefused, SignInPasskeyRefused
from ..rows import AskedPasskey, MfaRequired, NewPasskeyWish, PasskeyRow, Proof, ShownPasskey, SignedInAs
from ..schemas import AskForPasskey, Assertion, RegisterPasskey, SignInWithPasskey
from ..service import Admission, PasskeyService, issue_if_entered
from ..webauthn import Judge, RelyingParty


class Passkeys:
    """The doors for new ones are open to those who proved lately who they are."""

    def __init__(self, application: Application, context: Context) -> None:
        self.application = application
        self.context = context
        self.party = RelyingParty.of(application.settings)

    async def ask_for_new(self, caller: Principal) -> NewPasskeyWish:
        """What the browser needs to make a passkey."""
        async with self.application.unit(self.context) as uow:
            user = await UserService(uow).get(caller.id)
            passkeys = PasskeyService(uow)
            return NewPasskeyWish(user, await passkeys.challenge_to_register(caller.id), await passkeys.of_user(caller.id))

    async def register(self, caller: Principal, wish: RegisterPasskey) -> PasskeyRow:
        """Keep the passkey that was made. Raises PasskeyRefused, PasskeyKnown, TooManyPasskeys."""
        new = Judge(self.party, PasskeyRefused).registered(wish.credential)
        async with self.application.unit(self.context) as uow:
            return await PasskeyService(uow).add(caller.id, wish.name, new)

    async def ask(self, wish: AskForPasskey) -> AskedPasskey:
        """What the browser needs to use a passkey: any of ours, or one of whoever did the first step.

        Raises MfaTokenInvalid, TooManyRequests.
        """
        async with (
            self.application.resolve(FailureLimit).unguessed(self.context.address),
            self.application.unit(self.context) as uow,
        ):
            user_id = await self._whose(Admission(uow), wish.mfa_token)
            passkeys = PasskeyService(uow)
            known = await passkeys.of_user(user_id) if user_id else []
            return AskedPasskey(await passkeys.challenge_to_sign_in(user_id), known, needs_person=user_id is None)

    async def sign_in(self, wish: SignInWithPasskey) -> SignedInAs | MfaRequired:
        """Sign in with a passkey alone, which holds two factors: the device, and that it checked the person.

        Raises SignInPasskeyRefused, TooManyRequests.
        """
        async with self.application.resolve(FailureLimit).unguessed(self.context.address):
            shown = await judged_passkey(self.application, self.context, wish.credential, SignInPasskeyRefused)
            async with self.application.unit(self.context) as uow:
                if not await PasskeyService(uow).use(shown):
                    raise SignInPasskeyRefused()
                proof = Proof(shown.passkey.user_id, "passkey", is_complete=shown.checked_person)
                outcome = await Admission(uow).admit(proof, wish.transport, SignInPasskeyRefused)
        return issue_if_entered(self.application, outcome)

    async def _whose(self, admission: Admission, token: str | None) -> UUID | None:
        if token is None:
            return None
        challenge = await admission.waiting(token)
        if challenge is None:
            raise MfaTokenInvalid()
        return challenge.user_id


async def judged_passkey(
    application: Application,
    context: Context,
    used: Assertion,
    refusal: type[MainspringError],
    *,
    needs_person: bool = True,
) -> ShownPasskey:
    """The passkey that signed, with what it signed. Raises the refusal."""
    async with application.reading(context) as uow:
        passkey = await PasskeyService(uow).by_credential(used.id)
    if passkey is None:
        raise refusal()
    return Judge(RelyingParty.of(application.settings), refusal).signed(used, passkey, needs_person=needs_person)
