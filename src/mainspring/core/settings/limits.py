"""`RATE_LIMITS__...`: how often something may be done (D-25, D-27)."""

from datetime import timedelta
from typing import ClassVar

from pydantic import Field

from .quota import Quota, QuotaSetting
from .section import Section


class LimitSettings(Section):
    """`RATE_LIMITS__...`: the limits; `RATE_LIMITS=off` switches all of them off."""

    prefix: ClassVar[str] = "RATE_LIMITS"

    anonymous: QuotaSetting = Field(
        default=Quota(100, 900), description="Requests of an address, or of an IPv6 /64, when nobody is signed in."
    )
    signed_in: QuotaSetting = Field(default=Quota(1000, 3600), description="Requests of a user who is signed in.")
    exports: QuotaSetting = Field(default=Quota(5, 60), description="Exports that a user may ask for.")
    knocks: QuotaSetting = Field(
        default=Quota(20, 900),
        description="Tries from an address at doors that always answer alike, such as forgotten passwords.",
    )
    failures_per_address: int = Field(
        default=5, ge=1, le=100_000, description="Failed sign-ins from an address; raise it when many sit behind one."
    )
    failures_per_account: int = Field(default=5, ge=1, le=100_000, description="Failed sign-ins for an account from one address.")
    failures_window: timedelta = Field(
        default=timedelta(minutes=15), ge=timedelta(seconds=1), description="Time in which failed sign-ins are counted."
    )
