"""Sessions in which somebody acts as another."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mainspring.core.security.tokens import AccessToken
from mainspring.modules.users.rows import Profile


@dataclass(frozen=True, slots=True)
class Impersonated:
    """A session in which somebody acts as a user. Its access token is signed after the commit, and there is no other."""

    profile: Profile
    session_id: UUID
    impersonator_id: UUID
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ActingAs:
    """The same with its token."""

    begun: Impersonated
    access: AccessToken
