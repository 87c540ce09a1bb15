"""`API_KEYS__...`: how long keys live, and how much they may ask."""

from datetime import timedelta

from pydantic import Field

from mainspring.core.settings import Section


class Settings(Section):
    """The section of API keys."""

    lifetime: timedelta = Field(
        default=timedelta(days=90), ge=timedelta(hours=1), description="Life of a key for which no other is asked."
    )
    longest_lifetime: timedelta = Field(
        default=timedelta(days=365), ge=timedelta(hours=1), le=timedelta(days=3650), description="Longest life of a key."
    )
    overlap: timedelta = Field(
        default=timedelta(hours=24),
        ge=timedelta(0),
        le=timedelta(days=30),
        description="How long the old secret of a rotated key still works; 0s for not at all.",
    )
    per_minute: int = Field(
        default=600, ge=1, le=1_000_000, description="Requests a minute of a key for which no other number is asked."
    )
    per_user: int = Field(default=50, ge=1, le=10_000, description="Most living keys of one account.")
