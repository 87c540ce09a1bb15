"""Tells the service manager when the program serves, as `Type=notify` of systemd waits for (R-317)."""

import os
import socket
import time

from mainspring.core.observability import get_logger

LOG = get_logger(__name__)


def tell_manager(state: str) -> None:
    """Send a state such as READY=1 to the socket that NOTIFY_SOCKET names, if there is one (sd_notify(3))."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]  # an abstract socket, which has no file
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as speaker:
            speaker.sendto(state.encode(), address)
    except OSError as problem:
        LOG.warn("manager_not_told", state=state, reason=problem.strerror)


def tell_reloading() -> None:
    """Say that the program starts anew in its place; READY=1 follows (Type=notify-reload of systemd)."""
    tell_manager(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
