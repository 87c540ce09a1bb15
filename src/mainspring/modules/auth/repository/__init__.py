"""The questions that auth asks the database."""

from .challenges import ChallengeRepository
from .credentials import CredentialRepository
from .deletions import DeletionRepository
from .email_changes import EmailChangeRepository
from .email_proofs import EmailProofRepository
from .exports import ExportRepository
from .passkeys import PASSKEYS, PasskeyRepository
from .password_guesses import PasswordGuessRepository
from .recovery import RecoveryCodeRepository
from .sessions import SESSIONS, RefreshTokenRepository, SessionRepository
from .totp import GuessRepository, TotpRepository

__all__ = [
    "PASSKEYS",
    "SESSIONS",
    "ChallengeRepository",
    "CredentialRepository",
    "DeletionRepository",
    "EmailChangeRepository",
    "EmailProofRepository",
    "ExportRepository",
    "GuessRepository",
    "PasskeyRepository",
    "PasswordGuessRepository",
    "RecoveryCodeRepository",
    "RefreshTokenRepository",
    "SessionRepository",
    "TotpRepository",
]
