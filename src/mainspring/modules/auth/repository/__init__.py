"""The questions that auth asks the database."""

from .challenges import ChallengeRepository
from .credentials import CredentialRepository
from .passkeys import PASSKEYS, PasskeyRepository
from .recovery import RecoveryCodeRepository
from .sessions import SESSIONS, RefreshTokenRepository, SessionRepository
from .totp import GuessRepository, TotpRepository

__all__ = [
    "PASSKEYS",
    "SESSIONS",
    "ChallengeRepository",
    "CredentialRepository",
    "GuessRepository",
    "PasskeyRepository",
    "RecoveryCodeRepository",
    "RefreshTokenRepository",
    "SessionRepository",
    "TotpRepository",
]
