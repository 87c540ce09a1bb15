"""`ORDERS__...`: how long an order waits for its payment, and how long its buyer may cancel it."""

from datetime import timedelta

from pydantic import Field

from mainspring.core.settings import Section


class Settings(Section):
    """The section of orders."""

    reservation_ttl: timedelta = Field(
        default=timedelta(minutes=15), ge=timedelta(seconds=1), description="How long stock is set aside for an unpaid order."
    )
    cancellation_window: timedelta = Field(
        default=timedelta(hours=24), description="How long the buyer may cancel an order; 0s for as long as it is pending only."
    )
