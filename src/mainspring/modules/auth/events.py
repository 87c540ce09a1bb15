"""What happened to sessions and credentials. Every fact is audited."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from mainspring.core.audit import AuditRecord
from mainspring.core.events import AuditedFact
from mainspring.modules.notifications.ports import Kind

SECURITY = Kind("auth.security", "The safety of your account", mail=True, required=True)


@dataclass(frozen=True)
class SessionEvent(AuditedFact, resource="session", about="session_id"):
    """A fact about one session, and whose it is."""

    session_id: UUID
    user_id: UUID


@dataclass(frozen=True)
class SignedIn(SessionEvent, action="LOGIN"):
    """A session began. `method` and `second_factor` say what was proved."""

    method: str
    second_factor: str | None

    def record(self) -> AuditRecord:
        """Whoever signs in is the doer: nobody was signed in before."""
        return replace(super().record(), user_id=self.user_id)


@dataclass(frozen=True)
class NewDevice(SessionEvent, action="NEW_DEVICE"):
    """A session began on a device that the user was not seen on before."""

    device: str | None
    ip_address: str | None
    place: str | None
    at: datetime


@dataclass(frozen=True)
class ImpersonationBegan(SessionEvent, action="IMPERSONATE"):
    """Somebody acts as the user in this session, until it ends or `expires_at`."""

    impersonator_id: UUID
    reason: str
    expires_at: datetime


class SessionEnded(SessionEvent, action="LOGOUT"):
    """A session was ended by its owner or an administrator."""


class RefreshReused(SessionEvent, action="REFRESH_REUSE"):
    """A used refresh token came again, so the family was ended."""


@dataclass(frozen=True)
class UserFact(AuditedFact, resource="user", about="user_id"):
    """A fact about the sign-in of one user."""

    user_id: UUID


class AllSessionsEnded(UserFact, action="LOGOUT_ALL"):
    """Every session of a user was ended."""


class PasswordChanged(UserFact, action="PASSWORD_CHANGE"):
    """The user chose a new password."""


class PasswordReset(UserFact, action="PASSWORD_RESET"):
    """Whoever reads the user's mailbox chose a new password."""


class EmailVerified(UserFact, action="EMAIL_VERIFIED"):
    """The user proved to read the mailbox of his address."""


@dataclass(frozen=True)
class AccountClaimed(UserFact, action="ACCOUNT_CLAIMED"):
    """The mailbox was proved for the first time by a link that lets its owner in, so ways in of before are gone (R-065).

    `removed` names those that there were: `password`, `passkeys`, and those of other modules.
    """

    removed: tuple[str, ...]


@dataclass(frozen=True)
class EmailChangeWished(UserFact, action="EMAIL_CHANGE_WISHED"):
    """The user wants another address."""

    old_email: str
    new_email: str


@dataclass(frozen=True)
class EmailChanged(UserFact, action="EMAIL_CHANGED"):
    """The user has another address; both mailboxes agreed."""

    old_email: str
    new_email: str


class TotpEnabled(UserFact, action="MFA_ENABLED"):
    """The account asks for the code of an authenticator app from now on."""


class TotpDisabled(UserFact, action="MFA_DISABLED"):
    """The user removed the authenticator app."""


class MfaReset(UserFact, action="MFA_RESET"):
    """An administrator took the second factors away."""


class RecoveryCodesRenewed(UserFact, action="RECOVERY_CODES_RENEWED"):
    """The user made other recovery codes."""


@dataclass(frozen=True)
class RecoveryCodeUsed(UserFact, action="RECOVERY_CODE_USED"):
    """A recovery code took the place of the authenticator app."""

    left: int

    def record(self) -> AuditRecord:
        """Whoever uses it is the doer, also while signing in."""
        return replace(super().record(), user_id=self.user_id)


@dataclass(frozen=True)
class PasskeyFact(UserFact):
    """A fact about a passkey of a user."""

    name: str


class PasskeyAdded(PasskeyFact, action="PASSKEY_ADDED"):
    """The user has another passkey."""


class PasskeyRemoved(PasskeyFact, action="PASSKEY_REMOVED"):
    """The user removed a passkey."""


class SteppedUp(SessionEvent, action="STEP_UP"):
    """A session proved again all that its account asks for."""


@dataclass(frozen=True)
class DeletionWished(UserFact, action="DELETION_WISHED"):
    """The user wants the account gone; at `due_at` it is erased."""

    due_at: datetime


class DeletionCancelled(UserFact, action="DELETION_CANCELLED"):
    """The user signed in again before the account was erased."""


class DataExportAsked(UserFact, action="DATA_EXPORT"):
    """The user wants an archive of what is kept about him."""
