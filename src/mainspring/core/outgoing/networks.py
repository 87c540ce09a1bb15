"""Which addresses of the internet are for everybody, and which of them hide another one inside.

The lists are the special-purpose registries of IANA (RFC 6890 and what came after), written here so that no version of Python
decides about them.
"""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

NOT_FOR_US_4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network, and unspecified
        "10.0.0.0/8",
        "100.64.0.0/10",  # shared by the customers of a provider (RFC 6598)
        "127.0.0.0/8",
        "168.63.129.16/32",  # looks public and is the inside of a cloud
        "169.254.0.0/16",  # link-local, and the metadata of clouds
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
GLOBAL_6 = IPv6Network("2000::/3")  # what is outside of it is loopback, local, multicast or not given to anybody
NOT_FOR_US_6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocols; Teredo is looked into before
        "2001:db8::/32",  # documentation
        "2620:4f:8000::/48",
        "3ffe::/16",
        "3fff::/20",  # documentation
    )
)
MAPPED = IPv6Network("::ffff:0:0/96")
COMPATIBLE = IPv6Network("::/96")
NAT64 = IPv6Network("64:ff9b::/96")
LOCAL_NAT64 = IPv6Network("64:ff9b:1::/48")
SIX_TO_FOUR = IPv6Network("2002::/16")
TEREDO = IPv6Network("2001::/32")
ISATAP = (0x00005EFE, 0x02005EFE)
LOW = 0xFFFFFFFF

# A host that the settings allow may lie inside, but never here: nobody means these by the name of a service.
NEVER_BY_NAME = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8",
        "100.100.100.200/32",
        "168.63.129.16/32",
        "169.254.0.0/16",
        "192.0.0.192/32",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/128",
        "fd00:ec2::254/128",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
)


def why_not(address: Address) -> str | None:
    """Why an address is not for everybody; None for one that is."""
    if isinstance(address, IPv4Address):
        found = next((network for network in NOT_FOR_US_4 if address in network), None)
        return None if found is None else f"{address} lies in {found}"
    if address.scope_id is not None:
        return f"{address} names a zone"
    if address in LOCAL_NAT64:  # its numbers mean what its owner wants (RFC 8215)
        return f"{address} lies in {LOCAL_NAT64}"
    inner = list(within(address))
    for hidden in inner:
        if (reason := why_not(hidden)) is not None:
            return f"{address} hides {hidden}: {reason}"
    if inner:
        return None
    if address not in GLOBAL_6:
        return f"{address} lies outside of {GLOBAL_6}"
    outer = next((network for network in NOT_FOR_US_6 if address in network), None)
    return None if outer is None else f"{address} lies in {outer}"


def within(address: IPv6Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses that an IPv6 address carries: mapped, compatible, NAT64, 6to4, Teredo, ISATAP."""
    bits = int(address)
    if address in MAPPED or address in COMPATIBLE or address in NAT64:
        yield IPv4Address(bits & LOW)
    elif address in SIX_TO_FOUR:
        yield IPv4Address(bits >> 80 & LOW)
    elif address in TEREDO:
        yield IPv4Address(bits >> 64 & LOW)  # its server
        yield IPv4Address(~bits & LOW)  # its client, written upside down
    if bits >> 32 & LOW in ISATAP and address in GLOBAL_6:
        yield IPv4Address(bits & LOW)


def plain(address: Address) -> Address:
    """A mapped address as what it is."""
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def lies_in(address: Address, networks: tuple[Network, ...]) -> bool:
    """Whether one of the networks holds the address."""
    return any(address.version == network.version and address in network for network in networks)
