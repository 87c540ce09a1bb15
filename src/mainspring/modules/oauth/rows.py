"""What the repository and the services of the provider return."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from mainspring.core.security.tokens import AccessToken

ClientKind = Literal["public", "confidential"]
GrantType = Literal["authorization_code", "refresh_token", "client_credentials", "urn:ietf:params:oauth:grant-type:device_code"]
PUBLIC: ClientKind = "public"
CONFIDENTIAL: ClientKind = "confidential"
CODE: GrantType = "authorization_code"
REFRESH: GrantType = "refresh_token"
CREDENTIALS: GrantType = "client_credentials"
DEVICE: GrantType = "urn:ietf:params:oauth:grant-type:device_code"
ALLOWED, DENIED = "allowed", "denied"


@dataclass(frozen=True, slots=True)
class ClientRow:
    """A client without its secret."""

    id: UUID
    name: str
    kind: ClientKind
    redirect_uris: list[str]
    post_logout_redirect_uris: list[str]
    grants: list[GrantType]
    scopes: list[str]
    backchannel_logout_uri: str | None
    backchannel_logout_session_required: bool
    service_account_id: UUID | None
    created_by: UUID | None
    registered_itself: bool
    created_at: datetime
    updated_at: datetime
    version: int

    @property
    def is_public(self) -> bool:
        """Whether it runs where it can keep no secret."""
        return self.kind == PUBLIC


@dataclass(frozen=True, slots=True)
class SecretRow:
    """The hash of a client's secret; it never leaves the module."""

    secret_hash: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class ShownClient:
    """A client with its secret, which exists in this answer only; a public one has none."""

    row: ClientRow
    secret: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class CodeRow:
    """What a code was bound to."""

    id: UUID
    client_id: UUID
    user_id: UUID
    session_id: UUID
    redirect_uri: str
    challenge: str
    scopes: list[str]
    nonce: str | None
    given_session_id: UUID | None
    key_thumbprint: str | None


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """What somebody allowed a client."""

    client_id: UUID
    client_name: str
    scopes: list[str]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class GrantRow:
    """What a client may do in a session."""

    id: UUID
    client_id: UUID
    user_id: UUID
    scopes: list[str]
    key_thumbprint: str | None
    page_session_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class SendLogout:
    """The order to tell a client that a sign-in is over: whose, and by which `sid` of its ID tokens."""

    client_id: UUID
    user_id: UUID
    session_id: UUID


@dataclass(frozen=True, slots=True)
class PushedRow:
    """A request that a client sent ahead, and when its browser came."""

    id: UUID
    client_id: UUID
    parameters: dict[str, str]
    opened_at: datetime | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A device that begins to wait."""

    id: UUID
    device_hash: str
    user_code_hash: str
    client_id: UUID
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    interval_seconds: int


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A device that waits, or did."""

    id: UUID
    client_id: UUID
    scopes: list[str]
    created_at: datetime
    expires_at: datetime
    interval_seconds: int
    asked_at: datetime | None
    decision: str | None
    user_id: UUID | None
    session_id: UUID | None
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class OfferedDevice:
    """What a device is told: a code to keep, one to show, and how long and how often it may ask."""

    device_code: str = field(repr=False)
    user_code: str
    life_seconds: int
    interval_seconds: int


@dataclass(frozen=True, slots=True)
class Wish:
    """An authorization request that was checked: what a client asks the user for."""

    client: ClientRow
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str | None
    nonce: str | None
    challenge: str
    prompts: frozenset[str]
    max_age: int | None
    login_hint: str | None
    key_thumbprint: str | None
    pushed: PushedRow | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """What the token endpoint answers."""

    access: AccessToken
    token_type: str
    scopes: tuple[str, ...]
    refresh_token: str | None = field(repr=False)
    id_token: str | None = field(repr=False)
