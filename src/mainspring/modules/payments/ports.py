"""The bank, as we see it. The local twin lies in adapters/local_bank, Stripe in adapters/stripe.py."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from mainspring.core.money import Money


class ChargeState(StrEnum):
    """What the gateway says about a charge. A pending one is decided later, and a webhook tells it."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Charge:
    """A charge as the gateway knows it. `id` is the gateway's, `key` the one it was asked for with.

    `refunded` is what was paid back of it so far, in minor units; `reason` says why it was declined.
    """

    id: str
    key: str | None
    state: ChargeState
    amount: Money
    refunded: int = 0
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Refund:
    """A repayment that the gateway accepted. `refunded` is what was paid back of the charge so far, this included."""

    id: str
    charge_id: str
    amount: Money
    refunded: int


@dataclass(frozen=True, slots=True)
class GatewayEvent:
    """What a webhook told: the charge as it was at `occurred_at`, or None when it is about something we do not follow."""

    id: str
    kind: str
    occurred_at: datetime
    charge: Charge | None


class PaymentGateway(Protocol):
    """Moves money. Every call that moves some takes a key of at most 200 characters: the same key moves it once, however often
    it is called, also after a crash, and answers alike.

    All calls raise Unavailable when no answer came; then nobody knows what happened, until `find` does.
    """

    name: str  # as in PAYMENTS__GATEWAY and in the path of its webhooks

    async def charge(self, key: str, amount: Money, method: str, metadata: Mapping[str, str]) -> Charge:
        """Take the money. Raises PaymentDeclined when the bank refuses, and Unavailable."""
        ...

    async def refund(self, key: str, charge_id: str, amount: Money) -> Refund:
        """Pay back a part of a charge or all of it. Raises RefundRefused when there is not so much left, and Unavailable."""
        ...

    async def find(self, key: str, since: datetime | None = None) -> Charge | None:
        """The charge that was asked for with the key, None when the gateway never saw it. Raises Unavailable.

        `since` is when the key was made; it narrows the search where a gateway has to search.
        """
        ...

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> GatewayEvent:
        """What a webhook says, its headers given in lower case. Raises WebhookRefused when its signature proves nothing."""
        ...
