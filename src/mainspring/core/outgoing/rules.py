"""Where an installation lets requests go."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from ipaddress import ip_address
from urllib.parse import urlsplit

from ..settings import Settings
from .errors import AddressRefused
from .networks import NEVER_BY_NAME, Address, Network, lies_in, plain, why_not
from .reading import hosts_of, networks_of
from .target import PORTS, Target

INNER_NAMES = ("localhost", "local", "localdomain", "internal", "intranet", "lan", "home.arpa", "onion", "test", "invalid")


@dataclass(frozen=True, slots=True)
class OutgoingRules:
    """What is allowed beyond the public internet at the usual ports, and how long a connection and an answer may take."""

    networks: tuple[Network, ...] = ()
    hosts: frozenset[str] = frozenset()
    ports: frozenset[int] = frozenset(PORTS.values())
    allows_http: bool = False
    is_production: bool = True
    connect_seconds: float = 3.0
    deadline_seconds: float = 10.0
    ca_file: str | None = None

    @classmethod
    def of(cls, settings: Settings) -> "OutgoingRules":
        """Those of `OUTGOING__...`."""
        section = settings.outgoing
        return cls(
            networks=networks_of(section.allowed_networks),
            hosts=hosts_of(section.allowed_hosts),
            ports=frozenset(section.ports),
            allows_http=section.allow_http or not settings.is_production,
            is_production=settings.is_production,
            connect_seconds=section.connect_timeout.total_seconds(),
            deadline_seconds=section.deadline.total_seconds(),
            ca_file=None if section.ca_file is None else str(section.ca_file),
        )

    def naming(self, urls: Iterable[str]) -> "OutgoingRules":
        """These rules for addresses that the settings name: their ports, and, while developing, this machine by its own name."""
        ports, hosts = set(self.ports), set(self.hosts)
        for url in urls:
            parts = urlsplit(url if "://" in url else f"https://{url}")
            with suppress(ValueError):  # a port that is no number is nobody's
                ports.add(parts.port or PORTS.get(parts.scheme, 443))
            if not self.is_production and parts.hostname is not None and is_this_machine(parts.hostname):
                hosts.add(parts.hostname)
        return replace(self, ports=frozenset(ports), hosts=frozenset(hosts))

    def check(self, target: Target) -> None:
        """Raises AddressRefused for what can be refused before anything is resolved."""
        if target.scheme == "http" and not self.allows_http:
            raise AddressRefused("it must start with https://")
        if target.port not in self.ports:
            raise AddressRefused(f"port {target.port} is not among OUTGOING__PORTS")
        if target.address is not None:
            self.check_address(target.host, target.address)
        elif target.host not in self.hosts and is_inner_name(target.host) and not self.networks:
            raise AddressRefused(f"{target.host} is a name of an inner network")

    def check_addresses(self, host: str, addresses: Iterable[Address]) -> None:
        """Raises AddressRefused unless all that a name resolved to may be used: one with both kinds plays a trick."""
        for address in addresses:
            self.check_address(host, address)

    def check_address(self, host: str, address: Address) -> None:
        """Raises AddressRefused for an address that is neither public nor allowed."""
        address = plain(address)
        if lies_in(address, self.networks):
            return
        if host in self.hosts and not lies_in(address, NEVER_BY_NAME):
            return
        if (reason := why_not(address)) is not None:
            raise AddressRefused(reason)


def is_this_machine(host: str) -> bool:
    """Whether a host is this machine by name or loopback address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_inner_name(host: str) -> bool:
    """Whether no such name exists on the internet."""
    return "." not in host or any(host == name or host.endswith(f".{name}") for name in INNER_NAMES)
