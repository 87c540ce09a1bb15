"""`AUTH__...`: how accounts come to be."""

from typing import Literal

from pydantic import Field

from mainspring.core.settings import Section


class Settings(Section):
    """The section of auth."""

    register_answer: Literal["conflict", "alike"] = Field(
        default="conflict",
        description="What registering a known address answers: conflict (409), or alike: as if it were new, and nothing happens.",
    )
