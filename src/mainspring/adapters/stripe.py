"""Stripe behind the port of payments: PaymentIntents, refunds, and signed webhooks (R-284).

Every request that moves money carries the caller's key as Stripe's idempotency key, and the payment carries it in its metadata,
so that `find` can answer for a request whose answer was lost. Amounts are minor units on both sides.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

import orjson
import stripe
from stripe.params import PaymentIntentCreateParams, PaymentIntentListParams

from mainspring.core import clock
from mainspring.core.application import Application
from mainspring.core.errors import Malformed, Unavailable
from mainspring.core.module import BootRefused
from mainspring.core.money import Money
from mainspring.core.observability import get_logger
from mainspring.core.outgoing import AddressRefused, NotReached, Outgoing, outgoing
from mainspring.core.resilience import NotDone
from mainspring.core.security.timed_signature import is_signed
from mainspring.modules.payments.errors import KeyTaken, PaymentDeclined, RefundRefused, WebhookRefused
from mainspring.modules.payments.ports import Charge, ChargeState, GatewayEvent, Refund
from mainspring.modules.payments.settings import Settings

KEY = "mainspring_key"
SIGNATURE = "stripe-signature"
PAGE, MOST_PAGES = 100, 20
LONGEST_BODY = 8 * 1024 * 1024  # a page of payments, each with its charge
CLOCKS_DIFFER = timedelta(minutes=5)
INDEXED_AFTER = timedelta(minutes=5)  # Stripe's search knows new payments after less than a minute, normally

STATES = {
    "succeeded": ChargeState.SUCCEEDED,
    "requires_payment_method": ChargeState.DECLINED,  # we confirm when we create, so this is what a refusal leaves
    "canceled": ChargeState.DECLINED,
}
ABOUT_THE_CHARGE = frozenset(("payment_method", "amount", "currency"))
INTENTS = frozenset(
    f"payment_intent.{what}" for what in ("succeeded", "payment_failed", "canceled", "processing", "requires_action")
)

log = get_logger(__name__)


class StripeGateway:
    """`PaymentGateway` with Stripe behind it."""

    name = "stripe"

    def __init__(self, client: stripe.StripeClient, secrets: tuple[bytes, ...], tolerance: timedelta) -> None:
        self.intents, self.refunds = client.v1.payment_intents, client.v1.refunds
        self.secrets, self.tolerance = secrets, tolerance

    async def charge(self, key: str, amount: Money, method: str, metadata: Mapping[str, str]) -> Charge:
        """Create a PaymentIntent and confirm it."""
        params: PaymentIntentCreateParams = {
            "amount": amount.amount,
            "currency": amount.currency.lower(),
            "payment_method": method,
            "confirm": True,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            "metadata": {**metadata, KEY: key},
            "expand": ["latest_charge"],
        }
        charge = _charge(await _answered(self.intents.create_async(params, {"idempotency_key": key})))
        if charge.state is ChargeState.DECLINED:
            raise PaymentDeclined(charge.reason or "declined", charge_id=charge.id)
        return charge

    async def refund(self, key: str, charge_id: str, amount: Money) -> Refund:
        """Refund a PaymentIntent."""
        wish = self.refunds.create_async(
            {"payment_intent": charge_id, "amount": amount.amount, "metadata": {KEY: key}, "expand": ["charge"]},
            {"idempotency_key": key},
        )
        try:
            refund = await _answered(wish)
        except PaymentDeclined as refused:
            raise RefundRefused(details={"reason": refused.reason}) from refused
        if refund["status"] in ("failed", "canceled"):
            raise RefundRefused(details={"reason": refund["failure_reason"] or refund["status"]})
        return Refund(refund["id"], charge_id, amount, refund["charge"]["amount_refunded"])

    async def find(self, key: str, since: datetime | None = None) -> Charge | None:
        """Search by metadata; a new payment may not be found by that, so look through those since `since` as well.

        Raises Unavailable when there are too many of them to be sure yet.
        """
        query = f"metadata['{KEY}']:'{_quoted(key)}'"
        found = (await _answered(self.intents.search_async({"query": query, "limit": 1})))["data"]
        if found:  # the index may be older than the payment
            return _charge(await _answered(self.intents.retrieve_async(found[0]["id"], {"expand": ["latest_charge"]})))
        return None if since is None else await self._listed(key, since)

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> GatewayEvent:
        """A Stripe event, signed with one of the secrets of the endpoint."""
        if not is_signed(headers.get(SIGNATURE), body, self.secrets, clock.now(), self.tolerance):
            raise WebhookRefused()
        try:
            event = orjson.loads(body)
            charge = _charge_of(event["type"], event["data"]["object"])
            return GatewayEvent(event["id"], event["type"], datetime.fromtimestamp(event["created"], UTC), charge)
        except (ValueError, KeyError, TypeError) as odd:
            raise Malformed("This is no Stripe event.") from odd

    async def _listed(self, key: str, since: datetime) -> Charge | None:
        params: PaymentIntentListParams = {
            "created": {"gte": int((since - CLOCKS_DIFFER).timestamp())},
            "limit": PAGE,
            "expand": ["data.latest_charge"],
        }
        for _ in range(MOST_PAGES):
            page = await _answered(self.intents.list_async(params))
            for intent in page["data"]:
                if (intent["metadata"] or {}).get(KEY) == key:
                    return _charge(intent)
            if not page["has_more"]:
                return None
            params["starting_after"] = page["data"][-1]["id"]
        if clock.now() - since < INDEXED_AFTER:
            raise Unavailable("Stripe may not have indexed this payment yet.", retry_after=60)
        return None


class Http(stripe.HTTPClient):
    """Stripe's requests over the client for other servers, without tries of its own: the port's policy decides about those."""

    name = "outgoing"

    def __init__(self, client: Outgoing, seconds: float) -> None:
        super().__init__()
        self._client, self._seconds = client, seconds

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """One request. Raises APIConnectionError; `should_retry` says that Stripe certainly got nothing."""
        body = post_data.encode() if isinstance(post_data, str) else post_data
        try:
            answer = await self._client.send(
                method.upper(), url, headers=headers, body=body, deadline=self._seconds, longest=LONGEST_BODY
            )
        except (Unavailable, AddressRefused) as failure:
            is_untouched = isinstance(failure, NotReached)
            error = stripe.APIConnectionError(type(failure).__name__, should_retry=is_untouched)  # type: ignore[no-untyped-call]  # so Stripe declares it
            raise error from failure
        return answer.body, answer.status, answer.headers

    def sleep_async(self, secs: float) -> Awaitable[None]:
        """As asyncio does."""
        return asyncio.sleep(secs)

    async def close_async(self) -> None:
        """Close the connections."""
        await self._client.close()


def stripe_gateway(application: Application) -> StripeGateway:
    """The gateway of an application. Raises BootRefused when a setting is missing. It closes with the application."""
    settings, section = application.settings, application.settings.section(Settings)
    if settings.stripe_api_key is None:
        raise BootRefused("STRIPE_API_KEY is missing: PAYMENTS__GATEWAY=stripe needs it.")
    if settings.stripe_webhook_secret is None:
        raise BootRefused("STRIPE_WEBHOOK_SECRET is missing: without it nobody can tell Stripe's webhooks from others.")
    if settings.is_production and not section.stripe_url.startswith("https://"):
        raise BootRefused("PAYMENTS__STRIPE_URL must start with https:// in production.")
    http = Http(outgoing(application, named=[section.stripe_url], extra="stripe"), section.timeout.total_seconds())
    client = stripe.StripeClient(
        settings.stripe_api_key.get_secret_value(),
        base_addresses={"api": section.stripe_url},
        http_client=http,
        max_network_retries=0,
    )
    secrets = tuple(part.strip().encode() for part in settings.stripe_webhook_secret.get_secret_value().split(","))
    return StripeGateway(client, secrets, section.webhook_tolerance)


async def _answered(request: Awaitable[stripe.StripeObject]) -> Any:  # Any: Stripe's objects are dictionaries of any shape
    """The answer as a dictionary, or what its error means to us. Nothing of Stripe's own texts goes on: they may name keys."""
    try:
        return (await request).to_dict()
    except stripe.CardError as refused:
        raise _declined(refused) from None
    except stripe.StripeError as failure:
        _translate(failure)


def _translate(failure: stripe.StripeError) -> NoReturn:
    told: dict[str, Any] = {
        "kind": type(failure).__name__,
        "status": failure.http_status,
        "code": failure.code,
        "stripeId": failure.request_id,
    }
    if isinstance(failure, stripe.IdempotencyError):
        raise KeyTaken() from None
    if isinstance(failure, stripe.APIConnectionError):
        log.warn("stripe_not_reached", **told, reason=failure.user_message)
        raise (NotDone() if failure.should_retry else Unavailable()) from None
    if isinstance(failure, stripe.RateLimitError):
        log.warn("stripe_limits_us", **told)
        raise NotDone() from None
    if isinstance(failure, stripe.InvalidRequestError) and failure.http_status != 409:
        if failure.param in ABOUT_THE_CHARGE or (failure.code or "").startswith("charge_"):
            raise PaymentDeclined(failure.code or "refused") from None
        log.error("stripe_refuses_our_request", **told, param=failure.param)
        raise RuntimeError(f"Stripe does not understand us: {failure.code} {failure.param}") from None
    if isinstance(failure, stripe.AuthenticationError | stripe.PermissionError):
        log.error("stripe_does_not_know_us", **told)  # the key is wrong: a person must act, and it may be soon
        raise Unavailable() from None
    log.warn("stripe_failed", **told)
    raise Unavailable() from None


def _declined(refused: stripe.CardError) -> PaymentDeclined:
    body: Any = refused.json_body  # Any: see _answered
    error = body.get("error", {}) if isinstance(body, dict) else {}
    reason = error.get("decline_code") or refused.code or "declined"
    return PaymentDeclined(reason, charge_id=(error.get("payment_intent") or {}).get("id"))


def _charge(intent: Any) -> Charge:
    """A PaymentIntent as we see it."""
    latest = intent.get("latest_charge")
    refunded = latest["amount_refunded"] if latest is not None and not isinstance(latest, str) else 0
    problem = intent.get("last_payment_error") or {}
    state = STATES.get(intent["status"], ChargeState.PENDING)
    reason = None
    if state is ChargeState.DECLINED:
        reason = problem.get("decline_code") or problem.get("code") or intent.get("cancellation_reason") or intent["status"]
    return Charge(intent["id"], _key(intent), state, Money(intent["amount"], intent["currency"].upper()), refunded, reason)


def _charge_of(kind: str, about: Any) -> Charge | None:
    """The charge that an event is about; None for events that we do not follow."""
    if kind in INTENTS:
        return _charge(about)
    if kind == "charge.refunded" and about.get("payment_intent"):
        money = Money(about["amount"], about["currency"].upper())
        return Charge(about["payment_intent"], _key(about), ChargeState.SUCCEEDED, money, about["amount_refunded"])
    return None


def _key(about: Any) -> str | None:
    key = (about.get("metadata") or {}).get(KEY)
    return None if key is None else str(key)


def _quoted(key: str) -> str:
    return key.replace("\\", "\\\\").replace("'", "\\'")
