"""The rules of credentials and sessions."""

from .credentials import CredentialService
from .rotation import RotationService
from .sessions import SessionService
from .sources import EndsSessions, LiveSessions

__all__ = ["CredentialService", "EndsSessions", "LiveSessions", "RotationService", "SessionService"]
