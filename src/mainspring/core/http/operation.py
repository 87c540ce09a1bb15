"""One operation of a batch, as a client sends it."""

from typing import Any, Literal

from pydantic import Field

from .references import NAME
from .schemas import Schema


class Operation(Schema):
    """One request of the API, as it would be sent alone. Texts may refer to earlier answers: `{{a.id}}`."""

    id: str = Field(pattern=f"^{NAME}$", max_length=40, description="What later operations call it.", examples=["product"])
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str = Field(
        pattern=r"^/api/[!$-~]+$",
        max_length=2048,
        description="Path and query.",
        examples=["/api/v1/products"],
    )
    body: dict[str, Any] | list[Any] | None = Field(default=None, description="The JSON body, if the operation has one.")
    if_match: str | None = Field(
        default=None, pattern=r"^[ -~]+$", max_length=256, description="The ETag that a change is meant for.", examples=['"1-ab"']
    )
    references: bool = Field(
        default=True, strict=True, description="Whether `{{a.id}}` refers to an answer; with false it is plain text."
    )
