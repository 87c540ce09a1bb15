"""What the repository of social returns, and what providers prove."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Attempt:
    """A sign-in that was begun: what its answer must fit.

    `state_hash` names it. `nonce_hash` and `verifier` are for the provider, `browser_hash` for the cookie, `challenge` for the
    program that takes the outcome (RFC 7636). With `user_id` it is no sign-in: that user, in that session, links the identity.
    """

    state_hash: str
    provider: str
    issuer: str
    browser_hash: str
    nonce_hash: str
    verifier: str = field(repr=False)
    transport: str
    next: str
    challenge: str | None
    user_id: UUID | None
    session_id: UUID | None
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Handover:
    """Somebody who was proved and comes for the session with a code, once."""

    user_id: UUID
    transport: str
    browser_hash: str
    challenge: str | None
    origin_id: UUID | None


@dataclass(frozen=True, slots=True)
class SignInRow:
    """A sign-in that sessions began with; `provider_session` is the `sid` of the provider."""

    id: UUID
    user_id: UUID
    provider_session: str | None


@dataclass(frozen=True, slots=True)
class KeptSignIn:
    """A sign-in as its user takes it along."""

    id: UUID
    issuer: str
    subject: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """What a logout token says: who signed out at the provider, and of which of its sessions. One of the two is there."""

    issuer: str
    subject: str | None
    provider_session: str | None
    token_id: str


@dataclass(frozen=True, slots=True)
class LinkRow:
    """An outside identity that opens an account here."""

    id: UUID
    user_id: UUID
    provider: str
    issuer: str
    subject: str
    email: str | None
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address of the provider carries; the secrets of one attempt in the clear."""

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back from the provider, by way of the browser."""

    code: str = field(repr=False)
    issuer: str | None
    verifier: str = field(repr=False)
    nonce_hash: str
    redirect_uri: str
    asked_at: datetime
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is at a provider. The pair of `issuer` and `subject` never changes; the address may, and may be unproved.

    `tokens` is what the provider gave besides, as JSON; `provider_session` what it calls its own session (`sid`).
    """

    provider: str
    label: str
    issuer: str
    subject: str
    email: str | None
    email_verified: bool
    name: str | None
    picture: str | None = None
    tokens: str | None = field(default=None, repr=False)
    provider_session: str | None = None
