"""The questions that auth asks the database."""

from .challenges import ChallengeRepository
from .credentials import CredentialRepository
from .recovery import RecoveryCodeRepository
from .sessions import SESSIONS, RefreshTokenRepository, SessionRepository
from .totp import GuessRepository, TotpRepository

__all__ = [
    "SESSIONS",
    "ChallengeRepository",
    "CredentialRepository",
    "GuessRepository",
    "RecoveryCodeRepository",
    "RefreshTokenRepository",
    "SessionRepository",
    "TotpRepository",
]
