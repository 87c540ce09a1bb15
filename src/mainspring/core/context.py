"""What is known about the work under way: who asked, from where, under which id. Logs and audit rows read it here."""

from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from .audit.security_trail import SecurityTrail
    from .limits.budgets import Standing
    from .limits.limiter import Policy
    from .security.principal import Principal


@dataclass(slots=True)
class Context:
    """One request, job or command. `path` is the path without its query.

    `database` names the one that units of the work open: that of the module whose route is asked (R-210). `security` is where
    security events of the work become rows.
    """

    request_id: str = ""
    method: str = ""
    path: str = ""
    address: str | None = None
    user_agent: str | None = None
    principal: "Principal | None" = None
    database: str = "default"
    security: "SecurityTrail | None" = None

    def header(self, name: bytes) -> str | None:
        """A header of the request, its lower-case name given; None when it was not sent, or there is no request."""
        return None

    def told(self, policy: "Policy", standing: "Standing | None", seconds: float = 0.0) -> None:
        """Have the answer tell what is left of a budget, of which None is nothing for so many seconds."""

    @property
    def user_id(self) -> UUID | None:
        """The signed-in user, if there is one."""
        return self.principal.id if self.principal else None

    @property
    def impersonator_id(self) -> UUID | None:
        """Who acts as the signed-in user, if somebody does."""
        return self.principal.impersonator_id if self.principal else None

    @property
    def key_id(self) -> UUID | None:
        """The API key that asks, if it is one."""
        return self.principal.key_id if self.principal else None


CURRENT: ContextVar[Context] = ContextVar("mainspring.context")


def current() -> Context:
    """The context of the running task; an empty one outside any work."""
    return CURRENT.get(None) or Context()
