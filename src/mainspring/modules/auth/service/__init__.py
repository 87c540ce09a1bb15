"""The rules of credentials and sessions."""

from .admission import Admission
from .claiming import Claiming
from .credentials import CredentialService
from .deletions import DeletionService
from .email_changes import EmailChangeService
from .email_proofs import EmailProofService
from .exports import ExportService
from .factors import FactorService, hold_admissions
from .guesses import GuessService
from .passkeys import PasskeyService
from .password_guesses import PasswordGuessService
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
    "LiveSessions",
    "PasskeyService",
    "PasswordGuessService",
    "RotationService",
    "SessionService",
    "hold_admissions",
    "profile_in_good_standing",
]
