"""Second factors: what an account asks for beside its first proof."""

from collections.abc import Iterable
from uuid import UUID

from mainspring.core import clock
from mainspring.core.database import UnitOfWork
from mainspring.core.security.principal import Principal
from mainspring.modules.users.ports import AccountGuard
from mainspring.modules.users.service import UserService

from ..errors import TotpActive, TotpNotActive
from ..events import MfaReset, RecoveryCodesRenewed, RecoveryCodeUsed, TotpDisabled, TotpEnabled
from ..repository import CredentialRepository, PasskeyRepository, RecoveryCodeRepository, TotpRepository
from ..rows import FactorsRow, Shown, ShownPasskey, ShownStep, TotpRow
from .compulsory import refuse_last_factor
from .holding import hold_admissions
from .passkeys import PasskeyService
from .sessions import SessionService

TOTP_METHODS = ("totp", "recovery_code")
PASSKEY = "passkey"


class FactorService:
    """Tells, uses and changes the second factors of an account."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.totp = TotpRepository(uow)
        self.codes = RecoveryCodeRepository(uow)
        self.passkeys = PasskeyRepository(uow)

    async def of(self, user_id: UUID) -> FactorsRow:
        """What the account has."""
        active = await self.active_totp(user_id)
        activated_at = active.activated_at if active else None
        return FactorsRow(await self.methods_of(user_id), activated_at, await self.codes.left(user_id))

    async def methods_of(self, user_id: UUID) -> tuple[str, ...]:
        """The ways to prove the second factor; none when the account asks for none."""
        if not await self.active_totp(user_id):
            return ()
        return (*TOTP_METHODS, PASSKEY) if await self.passkeys.count(user_id) else TOTP_METHODS

    async def first_factors_of(self, user_id: UUID) -> tuple[str, ...]:
        """What of this module lets the user in without anybody else's word."""
        ways = ("password",) if await CredentialRepository(self.uow).hash_of(user_id) else ()
        return (*ways, PASSKEY) if await self.passkeys.count(user_id) else ways

    async def active_totp(self, user_id: UUID) -> TotpRow | None:
        """The confirmed authenticator app, with its sealed secret."""
        row = await self.totp.of(user_id)
        return row if row and row.activated_at else None

    async def pending_totp(self, user_id: UUID) -> TotpRow:
        """The app that waits for its first code. Raises TotpActive, TotpNotActive."""
        row = await self.totp.of(user_id)
        if row is None:
            raise TotpNotActive()
        if row.activated_at is not None:
            raise TotpActive()
        return row

    async def use(self, user_id: UUID, shown: Shown) -> bool:
        """Use up what was shown; False when it was used before, or is not of this account."""
        if isinstance(shown, ShownStep):
            return shown.factor.user_id == user_id and await self.totp.use_step(shown.factor, shown.step, shown.renewed)
        if isinstance(shown, ShownPasskey):
            return shown.passkey.user_id == user_id and await PasskeyService(self.uow).use(shown)
        if not await self.codes.use(user_id, shown.code_hash, clock.now()):
            return False
        self.uow.publish(RecoveryCodeUsed(user_id, await self.codes.left(user_id)))
        return True

    async def enroll(self, user_id: UUID, sealed_secret: str) -> None:
        """Another app, which counts once its first code is shown. Raises TotpActive."""
        if not await self.totp.begin(user_id, sealed_secret):
            raise TotpActive()

    async def activate(self, caller: Principal, judged: TotpRow, step: int, code_hashes: Iterable[str]) -> bool:
        """From now on the account asks for a second factor; other sessions end. False when the app is another by now."""
        await hold_admissions(self.uow, caller.id)
        now = clock.now()
        if not await self.totp.activate(judged, step, now):
            return False
        await UserService(self.uow).set_mfa_enabled(caller.id, True)
        await self.codes.replace(caller.id, code_hashes, now)
        sessions = SessionService(self.uow)
        await sessions.end_others(caller.id, caller.session_id, "mfa_enabled")
        await sessions.prove(caller.id, caller.session_id, "totp")
        self.uow.publish(TotpEnabled(caller.id))
        return True

    async def disable(self, caller: Principal) -> None:
        """Ask for no second factor any more; other sessions end. Raises TotpNotActive, SecondFactorCompulsory."""
        await hold_admissions(self.uow, caller.id)
        if not await self.passkeys.count(caller.id):
            await refuse_last_factor(self.uow, caller.id)
        if not await self.totp.remove(caller.id):
            raise TotpNotActive()
        await self.codes.remove(caller.id)
        await UserService(self.uow).set_mfa_enabled(caller.id, False)
        await SessionService(self.uow).end_others(caller.id, caller.session_id, "mfa_disabled")
        self.uow.publish(TotpDisabled(caller.id))

    async def renew_codes(self, user_id: UUID, code_hashes: Iterable[str]) -> None:
        """Other recovery codes in place of those there were. Raises TotpNotActive."""
        await hold_admissions(self.uow, user_id)
        if not await self.active_totp(user_id):
            raise TotpNotActive()
        await self.codes.replace(user_id, code_hashes, clock.now())
        self.uow.publish(RecoveryCodesRenewed(user_id))

    async def reset(self, caller: Principal, user_id: UUID) -> None:
        """Take every second factor from somebody who lost it, and end all sessions.

        Raises UserNotFound, AdministratorProtected.
        """
        users = UserService(self.uow)
        await users.get(user_id)
        await self.uow.port(AccountGuard).may_change(self.uow, caller, user_id)
        await hold_admissions(self.uow, user_id)
        await self.totp.remove_pending(user_id)
        had_passkeys = await self.passkeys.remove_all(user_id) > 0
        if not await self.totp.remove(user_id) and not had_passkeys:
            return
        await self.codes.remove(user_id)
        await users.set_mfa_enabled(user_id, False)
        await SessionService(self.uow).end_all(user_id, "mfa_reset")
        self.uow.publish(MfaReset(user_id))
