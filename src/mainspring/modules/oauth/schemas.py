"""What managers of clients and owners of consents send and receive."""

import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from mainspring.core.errors import Invalid
from mainspring.core.http import ListQuery, Out, Schema
from mainspring.core.http.messages import describe

from .rows import CODE, CONFIDENTIAL, CREDENTIALS, DEVICE, PUBLIC, REFRESH, ClientKind, ConsentRow, GrantType, ShownClient


def _printable(typed: str) -> str:
    if any(unicodedata.category(sign)[0] == "C" for sign in typed):
        raise PydanticCustomError("name_invalid", "A name may hold printable characters only")
    return typed


ClientName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), AfterValidator(_printable)]
# Which addresses are safe is said in redirects.py, which the service asks.
RedirectUri = Annotated[
    str, StringConstraints(min_length=1, max_length=500), Field(examples=["https://app.example.com/callback"])
]
# Where it may lie is said by OUTGOING__..., which the service asks; an empty one takes the address away.
BackchannelUri = Annotated[str, StringConstraints(max_length=500), Field(examples=["https://app.example.com/backchannel-logout"])]
ScopeName = Annotated[str, StringConstraints(min_length=1, max_length=100), Field(examples=["openid"])]
Grants = Annotated[list[GrantType], Field(min_length=1, max_length=4)]
RedirectUris = Annotated[list[RedirectUri], Field(max_length=20)]
ScopeNames = Annotated[list[ScopeName], Field(max_length=200)]


class CreateClient(Schema):
    """A new client. One that acts by itself (`client_credentials`) is confidential and names its service account."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "name": "Shop on the web",
                "kind": "public",
                "redirectUris": ["https://app.example.com/callback"],
                "grants": ["authorization_code", "refresh_token"],
                "scopes": ["openid", "profile", "email", "own:read"],
            }
        }
    )

    name: ClientName
    kind: ClientKind
    redirect_uris: RedirectUris = []
    post_logout_redirect_uris: RedirectUris = []
    grants: Grants = [CODE, REFRESH]
    scopes: ScopeNames = []
    backchannel_logout_uri: BackchannelUri | None = None
    backchannel_logout_session_required: bool = False
    service_account_id: UUID | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (CODE in self.grants) != bool(self.redirect_uris):
            raise PydanticCustomError("redirects", "The grant authorization_code needs redirect URIs, and nothing else has any")
        if REFRESH in self.grants and not {CODE, DEVICE} & set(self.grants):
            raise PydanticCustomError("refresh", "The grant refresh_token comes with authorization_code or device_code")
        if (CREDENTIALS in self.grants) != (self.service_account_id is not None):
            raise PydanticCustomError("account", "The grant client_credentials needs a service account, and nothing else has one")
        if CREDENTIALS in self.grants and self.kind == PUBLIC:
            raise PydanticCustomError("public", "A public client has no secret, so it cannot act by itself")
        if len(set(self.grants)) != len(self.grants) or len(set(self.redirect_uris)) != len(self.redirect_uris):
            raise PydanticCustomError("twice", "A grant or a redirect URI stands there twice")
        return self


class UpdateClient(Schema):
    """What should change; what is absent stays. A client stays public or confidential, and keeps its service account."""

    name: ClientName | None = None
    redirect_uris: RedirectUris | None = None
    post_logout_redirect_uris: RedirectUris | None = None
    grants: Grants | None = None
    scopes: ScopeNames | None = None
    backchannel_logout_uri: BackchannelUri | None = None
    backchannel_logout_session_required: bool | None = None


def fitting(facts: Mapping[str, object]) -> CreateClient:
    """A client of these facts. Raises Invalid when they do not fit together."""
    try:
        return CreateClient.model_validate(facts)
    except ValidationError as wrong:
        raise Invalid(details=describe(wrong.errors())) from None


class ClientQuery(ListQuery):
    """Which page of the clients, in which order."""

    sort: Literal["createdAt", "-createdAt", "name", "-name"] | None = None


class ConsentQuery(ListQuery):
    """Which page of the consents, in which order."""

    sort: Literal["createdAt", "-createdAt"] | None = None


class ClientOut(Out):
    """A client without its secret. Its id is the `client_id` of OAuth."""

    id: UUID
    name: str
    kind: ClientKind
    redirect_uris: list[str]
    post_logout_redirect_uris: list[str]
    grants: list[GrantType]
    scopes: list[str]
    backchannel_logout_uri: str | None = Field(description="Where it hears that somebody signed out; it has to answer 200.")
    backchannel_logout_session_required: bool
    service_account_id: UUID | None
    created_by: UUID | None
    registered_itself: bool = Field(description="Whether the program registered itself, so that nobody here checked it.")
    created_at: datetime
    updated_at: datetime
    version: int = Field(exclude=True)  # part of the ETag, not of the body


class ShownClientOut(ClientOut):
    """A client with its secret, which is shown this once; a public one has none."""

    client_secret: str | None

    @classmethod
    def with_secret(cls, shown: ShownClient) -> Self:
        """The answer for a client just made or rotated."""
        return cls.model_validate(
            {**ClientOut.of(shown.row).model_dump(), "version": shown.row.version, "client_secret": shown.secret}
        )


class ConsentOut(Out):
    """A client that may act for the caller, and what it may do."""

    client_id: UUID
    client_name: str
    scopes: list[str]
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: ConsentRow) -> Self:
        """The answer for a consent."""
        return cls.model_validate(row)


class RegisterClient(BaseModel):
    """What a program says that registers itself (RFC 7591 2); what we do not know is left alone, as the RFC asks."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    redirect_uris: RedirectUris = []
    post_logout_redirect_uris: RedirectUris = []
    method: Literal["client_secret_basic", "client_secret_post", "none"] = Field(
        default="client_secret_basic", alias="token_endpoint_auth_method"
    )
    grant_types: Grants = [CODE]
    response_types: list[Literal["code"]] | None = None
    client_name: ClientName = "Unnamed application"
    backchannel_logout_uri: BackchannelUri | None = None
    backchannel_logout_session_required: bool = False
    scope: Annotated[str, StringConstraints(max_length=4000)] | None = None

    @property
    def kind(self) -> ClientKind:
        """Public without a way to prove itself."""
        return PUBLIC if self.method == "none" else CONFIDENTIAL


class RegisteredOut(BaseModel):
    """The client that the program is from now on (RFC 7591 3.2.1)."""

    client_id: UUID
    client_secret: str | None = None
    client_secret_expires_at: int | None = None
    client_id_issued_at: int
    client_name: str
    redirect_uris: list[str]
    post_logout_redirect_uris: list[str]
    token_endpoint_auth_method: str
    grant_types: list[GrantType]
    response_types: list[str]
    scope: str
    backchannel_logout_uri: str | None = None
    backchannel_logout_session_required: bool | None = None

    @classmethod
    def with_secret(cls, shown: ShownClient, method: str) -> Self:
        """The answer for a client just registered."""
        row = shown.row
        return cls(
            client_id=row.id,
            client_secret=shown.secret,
            client_secret_expires_at=None if shown.secret is None else 0,  # never
            client_id_issued_at=int(row.created_at.timestamp()),
            client_name=row.name,
            redirect_uris=row.redirect_uris,
            post_logout_redirect_uris=row.post_logout_redirect_uris,
            token_endpoint_auth_method=method,
            grant_types=row.grants,
            response_types=["code"] if CODE in row.grants else [],
            scope=" ".join(row.scopes),
            backchannel_logout_uri=row.backchannel_logout_uri,
            backchannel_logout_session_required=row.backchannel_logout_session_required if row.backchannel_logout_uri else None,
        )
