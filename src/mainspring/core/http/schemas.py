"""The bases of request and response bodies (R-032, D-33, API.md)."""

import re
from collections.abc import Iterable
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d", re.ASCII)
EXACT = 2.0**53


def _whole(sent: Any) -> Any:  # Any: whatever the transport parsed
    """1.0 is a whole number in JSON Schema (2020-12 validation 6.1.1), whatever a language makes of it."""
    return int(sent) if type(sent) is float and abs(sent) <= EXACT and sent.is_integer() else sent


def _dated(sent: Any) -> Any:  # Any: as above
    """Numbers, and texts that hold one, are no moments (RFC 3339), though pydantic counts seconds with them."""
    if isinstance(sent, int | float) or (isinstance(sent, str) and not RFC3339.match(sent)):
        raise PydanticCustomError("datetime_parsing", "A moment has the form of RFC 3339, such as 2026-01-31T12:00:00Z")
    return sent


whole = BeforeValidator(_whole)
"""`Annotated[int, Field(strict=True), whole]`: a whole number, and no text that holds one."""

Moment = Annotated[AwareDatetime, BeforeValidator(_dated)]
"""A point in time with its offset (RFC 3339)."""


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
