"""Situations of loyalty."""

from typing import ClassVar

from mainspring.core.errors import Conflict


class TooManyPoints(Conflict):
    """More points than one award may have."""

    code: ClassVar[str] = "loyalty.too_many_points"
    message: ClassVar[str] = "This is more than one award may have."
