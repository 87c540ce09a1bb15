"""The local bank behind the port of payments, and the messenger that carries its webhooks."""

import asyncio
import functools
import http.client
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

import orjson

from mainspring.core import clock, ids, tasks
from mainspring.core.application import Application
from mainspring.core.errors import Malformed
from mainspring.core.money import Money
from mainspring.core.observability import get_logger
from mainspring.core.security.derivation import derived_key
from mainspring.core.security.timed_signature import is_signed, signed
from mainspring.modules.payments.errors import KeyTaken, PaymentDeclined, RefundRefused, WebhookRefused
from mainspring.modules.payments.ports import Charge, ChargeState, GatewayEvent, Refund
from mainspring.modules.payments.settings import Settings

from .bank import Bank, Booking, Letter, NotSoMuch, OtherRequest

FILE = "bank.db"
WEBHOOKS = "/api/v1/payments/webhooks/local"
SIGNATURE = "bank-signature"
PURPOSE = "payments/local-bank"
SEND_SECONDS = 10
LONGEST_REST = 5.0
FOREVER = 24 * 3600.0

Post = Callable[[str, Mapping[str, str], bytes], Awaitable[int]]
T = TypeVar("T")
log = get_logger(__name__)


class LocalGateway:
    """`PaymentGateway` with the local bank behind it."""

    name = "local"

    def __init__(self, bank: Bank, url: str, secrets: tuple[bytes, ...], tolerance: timedelta) -> None:
        self.bank, self.url, self.secrets, self.tolerance = bank, url, secrets, tolerance
        self._desk = ThreadPoolExecutor(max_workers=1, thread_name_prefix="local-bank")
        self._messenger: asyncio.Task[None] | None = None

    async def charge(self, key: str, amount: Money, method: str, metadata: Mapping[str, str]) -> Charge:
        """Take the money, as the method says."""
        now = clock.now().timestamp()
        try:
            booking = await self._at_the_desk(
                self.bank.charge, f"ch_{ids.new().hex}", key, amount.amount, amount.currency, method, metadata, now
            )
        except OtherRequest:
            raise KeyTaken() from None
        if method == "card_timeout":
            await asyncio.sleep(FOREVER)  # until the caller's patience ends
        if booking.state == "pending":
            self.send_webhooks()
        if booking.state == "declined":
            raise PaymentDeclined(booking.reason or "card_declined", charge_id=booking.id)
        return _charge(booking)

    async def refund(self, key: str, charge_id: str, amount: Money) -> Refund:
        """Pay back."""
        try:
            id, refunded = await self._at_the_desk(self.bank.refund, f"re_{ids.new().hex}", key, charge_id, amount.amount)
        except NotSoMuch:
            raise RefundRefused() from None
        except OtherRequest:
            raise KeyTaken() from None
        return Refund(id, charge_id, amount, refunded)

    async def find(self, key: str, since: datetime | None = None) -> Charge | None:
        """Look into the books."""
        booking = await self._at_the_desk(self.bank.find, key, clock.now().timestamp())
        return None if booking is None else _charge(booking)

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> GatewayEvent:
        """What a letter of the bank says."""
        if not is_signed(headers.get(SIGNATURE), body, self.secrets, clock.now(), self.tolerance):
            raise WebhookRefused()
        try:
            told = orjson.loads(body)
            charge = _charge(Booking(**{"method": "", **told["charge"]}))
            return GatewayEvent(told["id"], told["type"], datetime.fromtimestamp(told["created"], UTC), charge)
        except (ValueError, KeyError, TypeError) as odd:
            raise Malformed("This is no letter of the bank.") from odd

    def signature(self, body: bytes, moment: datetime | None = None) -> dict[str, str]:
        """The headers that prove a letter."""
        return {SIGNATURE: signed(body, self.secrets[0], moment or clock.now()), "content-type": "application/json"}

    def send_webhooks(self) -> None:
        """Send what is or will be due, until nothing is open."""
        if self._messenger is None or self._messenger.done():
            self._messenger = tasks.start(self._carry(), name="local bank")

    async def send_now(self, post: Post | None = None, *, after: timedelta = timedelta(0)) -> int:
        """Decide and send what is due, or will be within `after`; how many letters were accepted.

        `post` takes the path, the headers and the body and answers the status; by default it goes to PUBLIC_URL.
        """
        accepted, seen = 0, set[str]()
        ends = (clock.now() + after).timestamp()
        while (letter := await self._at_the_desk(self.bank.take_letter, ends)) and letter.id not in seen:
            seen.add(letter.id)
            accepted += await self._send(letter, post or self._post)
        return accepted

    async def close(self) -> None:
        """Stop sending; what is left is sent after the next start."""
        if self._messenger is not None:
            await tasks.stop(self._messenger)
        await self._at_the_desk(self.bank.close)
        self._desk.shutdown()

    async def _carry(self) -> None:
        while (moment := await self._at_the_desk(self.bank.next_moment)) is not None:
            rest = moment - clock.now().timestamp()
            if rest > 0:
                await asyncio.sleep(min(rest, LONGEST_REST))
            else:
                await self.send_now()

    async def _send(self, letter: Letter, post: Post) -> bool:
        try:
            status = await post(WEBHOOKS, self.signature(letter.body), letter.body)
        except (OSError, http.client.HTTPException) as failure:
            status, reason = 0, f"{type(failure).__name__}: {failure}"
        else:
            reason = f"status {status}"
        if 200 <= status < 300:
            await self._at_the_desk(self.bank.delivered, letter)
            return True
        log.info("webhook_not_accepted", webhookId=letter.id, attempt=letter.attempts, reason=reason)
        if not await self._at_the_desk(self.bank.returned, letter, clock.now().timestamp()):
            log.warn("webhook_given_up", webhookId=letter.id, attempts=letter.attempts)
        return False

    async def _post(self, path: str, headers: Mapping[str, str], body: bytes) -> int:
        return await asyncio.to_thread(posted, self.url, path, headers, body)

    async def _at_the_desk(self, deed: Callable[..., T], *arguments: Any) -> T:  # Any: each deed has its own
        """One after another, on the bank's own thread."""
        return await asyncio.get_running_loop().run_in_executor(self._desk, functools.partial(deed, *arguments))


def local_bank(application: Application) -> LocalGateway:
    """The gateway of an application; its books are `DATA_DIR/bank.db`. It closes with the application."""
    settings = application.settings
    section = settings.section(Settings)
    bank = Bank(settings.data_dir / FILE, section.local_delay.total_seconds())
    secrets = tuple(derived_key(secret.get_secret_value().encode(), PURPOSE) for secret in settings.session_secret)
    gateway = LocalGateway(bank, settings.public_url, secrets, section.webhook_tolerance)
    application.ports.singleton(LocalGateway, lambda: gateway)
    application.on_stop(gateway.close)
    if bank.path.exists():
        gateway.send_webhooks()  # what a process that died left unsent
    return gateway


def posted(url: str, path: str, headers: Mapping[str, str], body: bytes) -> int:
    """The status of a POST; redirects are not followed. Blocking. Raises OSError and HTTPException."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "localhost", parts.port, timeout=SEND_SECONDS)
    try:
        connection.request("POST", f"{parts.path.rstrip('/')}{path}", body, dict(headers))
        return connection.getresponse().status
    finally:
        connection.close()


def _charge(booking: Booking) -> Charge:
    money = Money(booking.amount, booking.currency)
    return Charge(booking.id, booking.key, ChargeState(booking.state), money, booking.refunded, booking.reason)
