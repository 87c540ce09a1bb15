"""What an address counts as (D-25, D-28)."""

import ipaddress
from functools import lru_cache

KNOWN = 10_000


@lru_cache(KNOWN)
def network_of(address: str | None) -> str:
    """IPv4 itself, also when mapped into IPv6; IPv6 its /64, one subscriber; `unknown` for what is no address."""
    try:
        found = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
