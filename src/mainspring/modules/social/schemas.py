"""What clients send and receive about signing in with outside accounts."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from mainspring.core.http import ListQuery, Out, Schema
from mainspring.modules.auth.schemas.signing_in import Transport

Challenge = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$"),
    Field(description="S256 challenge of a program that takes the outcome in another browser, as mobile apps do (RFC 7636)."),
]
Next = Annotated[str, StringConstraints(min_length=1, max_length=1000), Field(description="Path of the page to come back to.")]


class BeginQuery(Schema):
    """How a sign-in shall end."""

    transport: Transport = "bearer"
    next: Next | None = None
    code_challenge: Challenge | None = None


class BeginLink(Schema):
    """Where to come back to once the outside account is linked."""

    next: Next | None = None


class ReturnQuery(Schema):
    """What the provider has the browser bring (RFC 6749 4.1.2, RFC 9207)."""

    state: Annotated[str, StringConstraints(max_length=500)] | None = None
    code: Annotated[str, StringConstraints(max_length=8_192)] | None = None
    error: Annotated[str, StringConstraints(max_length=200)] | None = None
    iss: Annotated[str, StringConstraints(max_length=500)] | None = None


class TakeSession(Schema):
    """The code of the address that the browser came back to."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    code_verifier: Annotated[str, StringConstraints(min_length=43, max_length=128)] | None = Field(
        default=None, description="The secret behind codeChallenge, where one was sent."
    )


class LinkQuery(ListQuery):
    """Which links, in which order."""

    sort: Literal["createdAt", "-createdAt"] | None = None


class ProviderOut(Out):
    """A provider to sign in with."""

    name: str = Field(description="Part of the addresses of this provider.")
    label: str = Field(description="For a button.")


class ProvidersOut(Out):
    """All providers, in the order of the settings."""

    data: list[ProviderOut]


class AddressOut(Out):
    """Where to send the browser."""

    authorize_url: str = Field(description="An address of the provider; good for ten minutes at most, in this browser only.")


class LinkOut(Out):
    """An outside account that opens one's own."""

    id: UUID
    provider: str
    issuer: str
    email: str | None = Field(description="The address that the provider told last.")
    created_at: datetime
    last_used_at: datetime | None


class HeardOut(Out):
    """A logout was heard, whether or not a session began with that sign-in."""

    accepted: Literal[True] = True
