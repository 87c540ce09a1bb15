"""The rules of credentials and sessions."""

from .admission import Admission
from .claiming import Claiming
from .compulsory import owes_factor
from .credentials import CredentialService
from .deletions import DeletionService
from .email_changes import EmailChangeService
from .email_proofs import EmailProofService
from .exports import ExportService
from .factors import FactorService
from .guesses import GuessService
from .holding import hold_admissions
from .impersonation import ImpersonationService
from .issuing import issue, issue_if_entered
from .keeping import SessionKeeper
from .passkeys import PasskeyService
from .password_guesses import PasswordGuessService
from .replacing import Replacing
from .rotation import RotationService
from .sessions import SessionService
from .sources import EndsSessions, LiveSessions
from .standing import profile_in_good_standing

__all__ = [
    "Admission",
    "Claiming",
    "CredentialService",
    "DeletionService",
    "EmailChangeService",
    "EmailProofService",
    "EndsSessions",
    "ExportService",
    "FactorService",
    "GuessService",
    "ImpersonationService",
    "LiveSessions",
    "PasskeyService",
    "PasswordGuessService",
    "Replacing",
    "RotationService",
    "SessionKeeper",
    "SessionService",
    "hold_admissions",
    "issue",
    "issue_if_entered",
    "owes_factor",
    "profile_in_good_standing",
]
