"""The bases of request and response bodies (R-032, D-33, API.md)."""

from collections.abc import Iterable
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError


class Schema(BaseModel):
    """What a client sends: camelCase names, unknown fields refused, no NUL in texts, no NaN or infinity."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="forbid",
        allow_inf_nan=False,
        hide_input_in_errors=True,
        frozen=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _no_nul(cls, data: Any) -> Any:  # Any: whatever the transport parsed
        if isinstance(data, dict):
            for value in data.values():
                if type(value) is str and "\0" in value:
                    raise PydanticCustomError("nul", "Text must not contain the character NUL")
        return data


class Out(BaseModel):
    """What a client gets: camelCase names, built from rows by attribute. Only declared fields leave (R-335)."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, from_attributes=True, extra="ignore", frozen=True)

    @classmethod
    def of(cls, row: Any) -> Self:  # Any: subclasses name their row
        """The answer for a row."""
        return cls.model_validate(row)

    @classmethod
    def list_of(cls, rows: Iterable[object]) -> list[Self]:
        """The answers for several rows."""
        return [cls.of(row) for row in rows]
