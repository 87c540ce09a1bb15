"""`CACHE__...`: what is kept in memory and in Redis so that it need not be asked again (R-232 to R-239)."""

from datetime import timedelta
from typing import ClassVar

from pydantic import Field

from .section import Section

MIB = 1024 * 1024


class CacheSettings(Section):
    """`CACHE__...`: how long answers are kept, and how much of them."""

    prefix: ClassVar[str] = "CACHE"

    enabled: bool = Field(default=True, description="Whether anything is cached; off loads every time.")
    ttl: timedelta = Field(
        default=timedelta(seconds=300),
        ge=timedelta(seconds=1),
        le=timedelta(days=30),
        description="How long an answer is kept where its function does not say.",
    )
    memory_entries: int = Field(default=10_000, ge=1, le=10_000_000, description="Most answers that a process keeps in memory.")
    memory_bytes: int = Field(
        default=64 * MIB, ge=MIB, description="Most bytes of answers that a process keeps in memory, counted as JSON."
    )
    lease: timedelta = Field(
        default=timedelta(seconds=2),
        ge=timedelta(milliseconds=200),
        le=timedelta(minutes=1),
        description="With Redis: how long others wait for a process that was killed while it loaded.",
    )
