"""What nobody may do to other people's sessions and second factors without being told."""

from typing import Annotated

from mainspring.core.security.guard import require
from mainspring.core.security.permission import Permission
from mainspring.core.security.principal import Principal

END_SESSIONS = Permission("sessions:end", "See and end the sessions of other users")
RESET_MFA = Permission("mfa:reset", "Take the second factors from users who lost them")

IMPERSONATE = Permission("users:impersonate", "Act as another user for a while, with a reason that the trail and the user get")

SessionEnding = Annotated[Principal, require(END_SESSIONS, people_only=True)]
MfaResetter = Annotated[Principal, require(RESET_MFA, people_only=True)]
Impersonator = Annotated[Principal, require(IMPERSONATE, people_only=True)]
