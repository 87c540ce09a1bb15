"""What is sent and received about acting as another user."""

import unicodedata
from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from mainspring.core.http import Out, Schema
from mainspring.modules.users.schemas import MeOut

from ..rows import ActingAs


def _printable(typed: str) -> str:
    if any(unicodedata.category(sign)[0] == "C" for sign in typed):
        raise PydanticCustomError("reason_invalid", "A reason may hold printable characters only")
    return typed


Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500), AfterValidator(_printable)]


class BeginImpersonation(Schema):
    """Why somebody acts as another; the trail keeps it, and the user reads it."""

    reason: Reason


class ImpersonationOut(Out):
    """A session in which one acts as another. Its token is shown here only, and there is no other."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the name of a scheme
    expires_in: int = Field(description="Seconds until the session ends.")
    expires_at: datetime = Field(description="When the session ends.")
    impersonated_by: UUID
    user: MeOut

    @classmethod
    def of(cls, acting: ActingAs) -> Self:
        """The answer for a session that began."""
        begun = acting.begun
        return cls(
            access_token=acting.access.text,
            expires_in=acting.access.expires_in,
            expires_at=acting.access.expires_at,
            impersonated_by=begun.impersonator_id,
            user=MeOut.of(begun.profile, begun.impersonator_id),
        )
