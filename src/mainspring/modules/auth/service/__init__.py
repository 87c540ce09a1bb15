"""The rules of credentials and sessions."""

from .admission import Admission
from .credentials import CredentialService
from .factors import FactorService
from .guesses import GuessService
from .passkeys import PasskeyService
from .rotation import RotationService
from .sessions import SessionService
from .sources import EndsSessions, LiveSessions
from .standing import profile_in_good_standing

__all__ = [
    "Admission",
    "CredentialService",
    "EndsSessions",
    "FactorService",
    "GuessService",
    "LiveSessions",
    "PasskeyService",
    "RotationService",
    "SessionService",
    "profile_in_good_standing",
]
