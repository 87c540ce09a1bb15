"""`NOTIFICATIONS__...`."""

from datetime import timedelta

from pydantic import Field

from mainspring.core.settings import Section


class Settings(Section):
    """The settings of notifications."""

    keep_read: timedelta = Field(
        default=timedelta(days=90), ge=timedelta(days=1), description="How long a notification is kept after it was read."
    )
