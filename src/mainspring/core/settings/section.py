"""The base of every group of settings with a prefix of its own."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """The settings of one module, read from names such as `ORDERS__RESERVATION_TTL`. Durations are `timedelta` fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    prefix: ClassVar[str] = ""
    """What its names begin with, where that is not the name of the module or of the field."""


def prefix_of(field: str, kind: type[BaseModel]) -> str:
    """What the names of a section begin with."""
    return getattr(kind, "prefix", "") or field.upper()
