"""What readers of the trail ask and receive."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, field_validator
from pydantic.alias_generators import to_camel

from mainspring.core.http import ListQuery, Out

Text = Annotated[str, Field(min_length=1, max_length=100)]


class AuditQuery(ListQuery):
    """Which changes; `from` is included, `to` is not."""

    limit: int = Field(default=50, ge=1, le=100, description="Rows on a page.")
    sort: Literal["createdAt", "-createdAt"] | None = None
    resource: Text | None = None
    resource_id: Text | None = None
    user_id: UUID | None = None
    action: Text | None = None
    since: AwareDatetime | None = Field(default=None, alias="from", description="The earliest moment.")
    until: AwareDatetime | None = Field(default=None, alias="to", description="The moment after the latest.")


class AuditOut(Out):
    """One change (R-115)."""

    id: UUID
    user_id: UUID | None
    action: str
    resource: str
    resource_id: str | None
    changes: dict[str, Any] | None  # Any: each kind of change has its own shape
    ip_address: str | None
    user_agent: str | None
    request_id: str | None
    created_at: datetime

    @field_validator("changes", mode="before")
    @classmethod
    def name_as_answers_do(cls, changes: dict[str, Any] | None) -> dict[str, Any] | None:  # Any: as above
        """Facts name fields as tables do; answers are in camelCase."""
        return changes and {to_camel(name): change for name, change in changes.items()}
