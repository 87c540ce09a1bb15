"""What templates can do with values: money, days, moments and links, in a form that every country reads."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from ..money import Money

MONTHS = "January February March April May June July August September October November December".split()


def money(value: Any, currency: str | None = None) -> str:  # Any: an amount, or an object of amount and currency
    """`{{ total | money }}` for `{amount, currency}`, `{{ price | money("EUR") }}` for minor units: `19.99 EUR`."""
    if isinstance(value, Mapping):
        return str(Money(int(value["amount"]), str(value["currency"])))
    if currency is None:
        raise TypeError("money needs a currency: {{ amount | money(currency) }}")
    return str(Money(int(value), currency))


def day(value: str | datetime) -> str:
    """`20 November 2026`."""
    found = _moment(value)
    return f"{found.day} {MONTHS[found.month - 1]} {found.year}"


def moment(value: str | datetime) -> str:
    """`20 November 2026, 14:05 UTC`."""
    return f"{day(value)}, {_moment(value):%H:%M} UTC"


def web_address(value: str) -> str:
    """The address, when it leads to a web page or a mailbox. Raises ValueError for any other, such as `javascript:`."""
    if urlsplit(value).scheme not in ("https", "http", "mailto"):
        raise ValueError("a link in a mail must start with https://, http:// or mailto:")
    return value


def _moment(value: str | datetime) -> datetime:
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


ALL: dict[str, Callable[..., str]] = {"money": money, "day": day, "moment": moment, "web_address": web_address}
