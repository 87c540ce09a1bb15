"""Listening sockets: one for each worker, all on the same address, so that the kernel spreads the connections."""

import ctypes
import errno
import socket
import struct
import sys

from mainspring.core.module import BootRefused

BACKLOG = 2048
SO_ATTACH_FILTER = 26  # Linux; not in the socket module


def open_listeners(host: str, port: int, count: int) -> list[socket.socket]:
    """`count` listening sockets on one address; port 0 picks a free one for all. Raises BootRefused when it is taken."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except OSError as problem:
        raise BootRefused(f"HOST {host} is no address of this machine: {problem.strerror}.") from None
    if port:
        _refuse_if_taken(family, address)
    listeners: list[socket.socket] = []
    for _ in range(count):
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "SO_REUSEPORT"):
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        try:
            listener.bind(listeners[0].getsockname() if listeners else address)
        except OSError as problem:
            raise BootRefused(f"Cannot listen on {host}:{port}: {problem.strerror}.") from None
        listener.listen(BACKLOG)
        listener.setblocking(False)
        listeners.append(listener)
    return listeners


def refuse_newcomers(listener: socket.socket) -> None:
    """Let the kernel drop every new connection attempt on this socket; its queue can then be emptied for good.

    Closing a listening socket resets the connections in its queue, whose requests may already be here. Clients that are dropped
    try again a second later and find the next server, or nobody. Elsewhere than on Linux this does nothing.
    """
    if not sys.platform.startswith("linux"):
        return
    drop_all = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))  # one BPF instruction: return 0
    program = struct.pack("HP", 1, ctypes.addressof(drop_all))
    listener.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)


def _refuse_if_taken(family: int, address: tuple[object, ...]) -> None:
    """SO_REUSEPORT would share the port with a server of the same user that still runs: look first."""
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as problem:
            reason = "the port is taken" if problem.errno == errno.EADDRINUSE else problem.strerror
            raise BootRefused(f"Cannot listen on {address[0]}:{address[1]}: {reason}.") from None
