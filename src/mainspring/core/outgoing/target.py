"""Reading an address strictly: what can be read in two ways is refused, so that what is checked is what is used."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

import idna

from .errors import AddressRefused
from .networks import Address

LONGEST = 2048
LONGEST_NAME = 253
PORTS = {"http": 80, "https": 443}
WHOLE = re.compile(r"(?P<scheme>[A-Za-z]+)://(?P<place>[^/?#]*)(?P<target>[/?][^#]*)?(?:#.*)?")
PLACE = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::(?P<port>[1-9][0-9]{0,4}))?")
LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
PRINTED = re.compile(r"[!-\[\]-~]*")  # no space, no control character, no backslash


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes: `host` is a name in lower case without a last dot, or an address without brackets."""

    scheme: str
    host: str
    port: int
    target: str
    address: Address | None

    @property
    def host_header(self) -> str:
        """Host, and the port where it is not the usual one."""
        host = f"[{self.host}]" if isinstance(self.address, IPv6Address) else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def target_of(url: str) -> Target:
    """The parts of an address. Raises AddressRefused for anything but http and https in its plainest form."""
    if len(url) > LONGEST:
        raise AddressRefused("it is too long")
    if not PRINTED.fullmatch(url):
        raise AddressRefused("it holds a character that an address has not; names with other letters are written as xn--")
    whole = WHOLE.fullmatch(url)
    if whole is None or whole["scheme"].lower() not in PORTS:
        raise AddressRefused("it does not start with https:// or http://")
    place = PLACE.fullmatch(whole["place"])
    if place is None:
        raise AddressRefused("its host is neither a name nor an address, or somebody's name stands before it")
    scheme = whole["scheme"].lower()
    port = int(place["port"] or PORTS[scheme])
    if port > 65535:
        raise AddressRefused("its port is none")
    host, address = host_of(place["host"])
    target = whole["target"] or "/"
    return Target(scheme, host, port, target if target.startswith("/") else f"/{target}", address)


def host_of(text: str) -> tuple[str, Address | None]:
    """A host as it is used, and the address that it is. Raises AddressRefused."""
    if text.startswith("["):
        try:
            six = IPv6Address(text[1:-1])
        except ValueError:
            raise AddressRefused("it is no IPv6 address") from None
        return str(six), six
    name = text.lower()
    try:
        four = IPv4Address(name)
    except ValueError:
        return _name(name.removesuffix(".")), None
    return str(four), four


def _name(name: str) -> str:
    """A name of the DNS. What ends in a number is an address to some programs (127.1, 0x7f000001), so it is no name to us."""
    labels = name.split(".")
    if len(name) > LONGEST_NAME or not all(LABEL.fullmatch(label) for label in labels):
        raise AddressRefused("its host is no name")
    if NUMBER.fullmatch(labels[-1]):
        raise AddressRefused("its host is a number in a form that is not accepted")
    for label in labels:
        if label.startswith("xn--"):
            try:
                idna.ulabel(label)
            except idna.IDNAError:
                raise AddressRefused("its host is no name: xn-- without letters behind it") from None
        elif label[2:4] == "--":
            raise AddressRefused("its host is no name")
    return name
