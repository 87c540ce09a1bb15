"""Networks and hosts as the settings write them."""

from collections.abc import Iterable
from ipaddress import ip_network

from .errors import AddressRefused
from .networks import Network
from .target import host_of


def networks_of(texts: Iterable[str]) -> tuple[Network, ...]:
    """Networks by their text. Raises ValueError."""
    return tuple(ip_network(text, strict=False) for text in texts)


def hosts_of(texts: Iterable[str]) -> frozenset[str]:
    """Hosts by their text. Raises ValueError."""
    found = set()
    for text in texts:
        try:
            found.add(host_of(f"[{text}]" if ":" in text and not text.startswith("[") else text)[0])
        except AddressRefused as refused:
            raise ValueError(f"{text!r}: {refused.reason}") from None
    return frozenset(found)
