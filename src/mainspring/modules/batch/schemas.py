"""What a batch says, and how it is answered."""

from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from mainspring.core.http import Operation, Out, Schema

MOST = 100  # BATCH_LIMIT may say less


def _named_apart(operations: list[Operation]) -> list[Operation]:
    if len({operation.id for operation in operations}) < len(operations):
        raise PydanticCustomError("same_ids", "Each operation has an id of its own")
    return operations


class Batch(Schema):
    """Operations that happen together or not at all, in this order."""

    operations: Annotated[list[Operation], AfterValidator(_named_apart)] = Field(min_length=1, max_length=MOST)


class OperationOut(Out):
    """How one operation was answered."""

    id: str = Field(examples=["product"])
    status: int = Field(ge=200, le=299, examples=[201])
    headers: dict[str, str] = Field(
        description="Of Location, ETag, Link, Deprecation and Sunset those that it has.",
        examples=[{"Location": "/api/v1/products/019b76da-a800-7000-8000-000000000000"}],
    )
    body: Any = Field(description="The body that the operation has alone, null where it has none.")  # Any: of any operation


class BatchOut(Out):
    """The answers in the order of the operations."""

    operations: list[OperationOut] = Field(min_length=1, max_length=MOST)

    @classmethod
    def of(cls, row: Any) -> Self:  # Any: what was done, operation by operation
        """The answer for what was done."""
        return cls.model_validate({"operations": row})
