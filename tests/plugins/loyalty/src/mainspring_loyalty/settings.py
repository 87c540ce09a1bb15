"""Loyalty's section of the configuration: names that begin with LOYALTY__."""

from pydantic import Field

from mainspring.core.settings import Section


class Settings(Section):
    """What loyalty may give away."""

    most_points: int = Field(default=1000, ge=1, description="Most points of one award.")
