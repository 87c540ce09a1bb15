"""Which gateway answers the port, and how patient callers are with it."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from mainspring.core.adapters import adapter
from mainspring.core.application import Application
from mainspring.core.module import BootRefused
from mainspring.core.money import Money
from mainspring.core.resilience import Policy, guarded

from ..errors import PaymentDeclined, RefundRefused, UnknownGateway
from ..ports import Charge, GatewayEvent, PaymentGateway, Refund
from ..settings import Settings

ADAPTERS = {"local": "local_bank:local_bank", "stripe": "stripe:stripe_gateway"}
CONCURRENCY = 64
QUEUE = 512


class NoGateway:
    """`PAYMENTS__GATEWAY=none`: for installations that sell nothing. Every charge is declined."""

    name = "none"

    async def charge(self, key: str, amount: Money, method: str, metadata: Mapping[str, str]) -> Charge:
        """Decline."""
        raise PaymentDeclined("no_gateway")

    async def refund(self, key: str, charge_id: str, amount: Money) -> Refund:
        """Refuse."""
        raise RefundRefused()

    async def find(self, key: str, since: datetime | None = None) -> Charge | None:
        """There is none."""
        return None

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> GatewayEvent:
        """Nobody sends any."""
        raise UnknownGateway()


def payment_gateway(application: Application) -> PaymentGateway:
    """The gateway of `PAYMENTS__GATEWAY`, guarded. Raises BootRefused in production with the one that moves no money."""
    settings = application.settings.section(Settings)
    if settings.gateway == "none":
        return NoGateway()
    if application.settings.is_production and settings.gateway == "local":
        raise BootRefused(
            "PAYMENTS__GATEWAY is local, which moves no money: production needs a real gateway such as stripe, or none."
        )
    make = adapter(ADAPTERS[settings.gateway], extra=settings.gateway)
    policy = Policy(
        "payments",
        deadline=settings.timeout + timedelta(seconds=1),
        timeout=settings.timeout,
        idempotent=frozenset({"find"}),  # charge and refund are too, by key; but a buyer waits, and the saga asks again
        concurrency=CONCURRENCY,
        queue=QUEUE,
    )
    gateway: PaymentGateway = guarded(make, policy)(application)
    return gateway
