"""The questions that auth asks the database."""

from .challenges import ChallengeRepository
from .credentials import CredentialRepository
from .sessions import SESSIONS, RefreshTokenRepository, SessionRepository
from .totp import TotpRepository

__all__ = [
    "SESSIONS",
    "ChallengeRepository",
    "CredentialRepository",
    "RefreshTokenRepository",
    "SessionRepository",
    "TotpRepository",
]
