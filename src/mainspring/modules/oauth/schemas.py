"""What managers of clients and owners of consents send and receive."""

import unicodedata
from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from mainspring.core.http import ListQuery, Out, Schema

from .rows import CODE, CREDENTIALS, PUBLIC, REFRESH, ClientKind, ConsentRow, GrantType, ShownClient


def _printable(typed: str) -> str:
    if any(unicodedata.category(sign)[0] == "C" for sign in typed):
        raise PydanticCustomError("name_invalid", "A name may hold printable characters only")
    return typed


ClientName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), AfterValidator(_printable)]
# Which addresses are safe is said in redirects.py, which the service asks.
RedirectUri = Annotated[
    str, StringConstraints(min_length=1, max_length=500), Field(examples=["https://app.example.com/callback"])
]
ScopeName = Annotated[str, StringConstraints(min_length=1, max_length=100), Field(examples=["openid"])]
Grants = Annotated[list[GrantType], Field(min_length=1, max_length=3)]


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
    redirect_uris: Annotated[list[RedirectUri], Field(max_length=20)] = []
    grants: Grants = [CODE, REFRESH]
    scopes: Annotated[list[ScopeName], Field(max_length=200)] = []
    service_account_id: UUID | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (CODE in self.grants) != bool(self.redirect_uris):
            raise PydanticCustomError("redirects", "The grant authorization_code needs redirect URIs, and nothing else has any")
        if REFRESH in self.grants and CODE not in self.grants:
            raise PydanticCustomError("refresh", "The grant refresh_token comes with authorization_code")
        if (CREDENTIALS in self.grants) != (self.service_account_id is not None):
            raise PydanticCustomError("account", "The grant client_credentials needs a service account, and nothing else has one")
        if CREDENTIALS in self.grants and self.kind == PUBLIC:
            raise PydanticCustomError("public", "A public client has no secret, so it cannot act by itself")
        if len(set(self.grants)) != len(self.grants) or len(set(self.redirect_uris)) != len(self.redirect_uris):
            raise PydanticCustomError("twice", "A grant or a redirect URI stands there twice")
        return self


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
    grants: list[GrantType]
    scopes: list[str]
    service_account_id: UUID | None
    created_by: UUID | None
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
