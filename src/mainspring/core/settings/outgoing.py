"""`OUTGOING__...`: where requests to other servers may go, and how long they may take."""

from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from .section import Section

Port = Annotated[int, Field(ge=1, le=65535)]


class OutgoingSettings(Section):
    """`OUTGOING__...`: requests to other servers (ASVS 1.3.6)."""

    prefix: ClassVar[str] = "OUTGOING"

    allowed_networks: tuple[str, ...] = Field(
        default=(), description="Inner networks that requests to other servers may reach, such as 10.1.0.0/16; none by default."
    )
    allowed_hosts: tuple[str, ...] = Field(
        default=(), description="Hosts that may lie in an inner network, such as keycloak.internal; none by default."
    )
    ports: tuple[Port, ...] = Field(default=(80, 443), description="Ports of other servers that requests may go to.")
    allow_http: bool = Field(default=False, description="Whether production may ask other servers without TLS.")
    ca_file: Path | None = Field(
        default=None, description="PEM file of further authorities that certificates of other servers may come from."
    )
    connect_timeout: timedelta = Field(
        default=timedelta(seconds=3),
        ge=timedelta(milliseconds=100),
        le=timedelta(minutes=1),
        description="Longest wait for a name and a connection.",
    )
    deadline: timedelta = Field(
        default=timedelta(seconds=10),
        ge=timedelta(milliseconds=100),
        le=timedelta(minutes=5),
        description="Longest wait for a whole answer, where the caller names no other.",
    )


def about_outgoing(outgoing: OutgoingSettings) -> list[str]:
    """One sentence for each value that cannot be meant."""
    problems = []
    for network in outgoing.allowed_networks:
        try:
            ip_network(network, strict=False)
        except ValueError:
            problems.append(f"OUTGOING__ALLOWED_NETWORKS holds {network!r}; an entry looks like 10.0.0.0/8.")
    for host in outgoing.allowed_hosts:
        if not host or any(sign in host for sign in "/@*% \\"):
            problems.append(f"OUTGOING__ALLOWED_HOSTS holds {host!r}; an entry looks like keycloak.internal.")
    if outgoing.ca_file is not None and not outgoing.ca_file.is_file():
        problems.append("OUTGOING__CA_FILE is no file.")
    return problems
