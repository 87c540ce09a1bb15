"""The base of every group of settings with a prefix of its own."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """The settings of one module, read from names such as `ORDERS__RESERVATION_TTL`. Durations are `timedelta` fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
