"""Who is asking."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Principal:
    """The signed-in caller (R-033). Roles and permissions were resolved at most one second ago (ARCHITECTURE 10 f).

    With an API key (R-099) `id` is the key's owner, `key_id` the key, which also stands in for the session, `scopes` what the key
    was made for. With a token of an OAuth client (RFC 9068) `id` is who let the client act, `client_id` the client, `scopes` what
    was granted to it. Neither has roles, and of the scopes only what the owner holds.
    """

    id: UUID
    email: str
    roles: frozenset[str]
    permissions: frozenset[str]
    session_id: UUID
    token_id: str
    expires_at: datetime
    key_id: UUID | None = None
    scopes: frozenset[str] | None = None
    client_id: str | None = None
    key_thumbprint: str | None = None  # of the key that has to prove each request (RFC 9449)

    @property
    def is_key(self) -> bool:
        """Whether an API key asks, and no person."""
        return self.key_id is not None

    @property
    def is_program(self) -> bool:
        """Whether an API key or an OAuth client asks, within its scopes, and no person."""
        return self.scopes is not None

    authenticated_at: datetime | None = None  # when the session last proved all that the account asks for
    must_enrol: bool = False  # a role asks for a second factor and the session proved none: it may set one up, and nothing else
    impersonator_id: UUID | None = None  # who acts as this user, when it is not he himself

    def may(self, permission: str) -> bool:
        """Whether the principal holds the permission; administrators hold every one (R-107)."""
        return permission in self.permissions or "admin" in self.roles
