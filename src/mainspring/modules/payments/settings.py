"""`PAYMENTS__...`: through which gateway money moves, and how patient we are with it."""

from datetime import timedelta
from typing import Literal

from pydantic import Field

from mainspring.core.settings import Section


class Settings(Section):
    """The section of payments."""

    gateway: Literal["local", "stripe", "none"] = Field(
        default="local",
        description="local, a bank for trying out that moves no money (refused in production), stripe, or none to sell nothing.",
    )
    default_method: str = Field(
        default="", max_length=255, description="Payment method when the buyer names none; card_ok with the local bank."
    )
    timeout: timedelta = Field(
        default=timedelta(seconds=10),
        ge=timedelta(seconds=1),
        le=timedelta(minutes=1),
        description="Longest wait for the gateway.",
    )
    webhook_tolerance: timedelta = Field(
        default=timedelta(minutes=5), ge=timedelta(seconds=10), description="Oldest signature of a webhook that is accepted."
    )
    settle_after: timedelta = Field(
        default=timedelta(seconds=30),
        ge=timedelta(seconds=1),
        description="When a payment without an answer is looked up at the gateway.",
    )
    give_up_after: timedelta = Field(
        default=timedelta(minutes=15),
        ge=timedelta(minutes=1),
        description="When a payment that the gateway never saw counts as failed.",
    )
    local_delay: timedelta = Field(
        default=timedelta(seconds=2), description="After which time the local bank decides a late card."
    )
    stripe_url: str = Field(
        default="https://api.stripe.com", pattern=r"^https?://[^\s/]+$", description="Where Stripe is, for tests with a stand-in."
    )
