"""What clients send and receive about links by mail and leaving, and the orders of the jobs behind them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from mainspring.core.email_address import Email
from mainspring.core.http import Out, Schema

from ..rows import ExportRow
from .signing_in import NewPassword, Password, Transport

LinkToken = Annotated[str, StringConstraints(min_length=1, max_length=512)]


class AskByEmail(Schema):
    """Whose mailbox a link is wanted in."""

    email: Email


class ShowLink(Schema):
    """The secret of a link that was mailed."""

    token: LinkToken


class ComeInByLink(ShowLink):
    """The secret of a link that signs in."""

    transport: Transport = "bearer"


class ResetPassword(ShowLink):
    """The secret of a link that was mailed, and the password to be."""

    new_password: NewPassword


class ChangeEmail(Schema):
    """The address to be, and the password of now."""

    new_email: Email
    current_password: Password | None = Field(default=None, description="Needed when the account has a password.")


@dataclass(frozen=True, slots=True)
class SendProof:
    """The order to mail a link to whoever has this address, if anybody has."""

    email: str
    purpose: str
    template: str


@dataclass(frozen=True, slots=True)
class SendChangeProofs:
    """The order to ask both mailboxes about a change of the address."""

    change_id: UUID
    user_id: UUID


@dataclass(frozen=True, slots=True)
class MakeExport:
    """The order to collect what is kept about a user."""

    export_id: UUID
    user_id: UUID


class DataExportOut(Out):
    """An archive of what is kept about oneself; `data` has a part for each module, once it is ready."""

    id: UUID
    is_ready: bool
    created_at: datetime
    expires_at: datetime
    data: dict[str, Any] | None

    @classmethod
    def with_data(cls, row: ExportRow, data: dict[str, Any] | None) -> Self:
        """The answer for an archive."""
        return cls(id=row.id, is_ready=data is not None, created_at=row.created_at, expires_at=row.expires_at, data=data)


class MailAskedOut(Out):
    """The answer for any address, known or not."""

    message: str = "If there is an account for it, a mail is on its way to this address."


class EmailChangeOut(Out):
    """Whether the address is another one now, or the other mailbox has not agreed yet."""

    changed: bool


class DeletionOut(Out):
    """When the account is erased, unless its owner signs in before."""

    erased_at: datetime
