"""Listening sockets: one for each worker, all on the same address, so that the kernel spreads the connections."""

import ctypes
import errno
import socket
import struct
import sys
from collections.abc import Iterator, Sequence

from mainspring.core.module import BootRefused

BACKLOG = 2048
SO_ATTACH_FILTER = 26  # Linux; not in the socket module
DROP_SYN = (  # classic BPF over a TCP header: code, jump if true, jump if false, value
    (0x30, 0, 0, 13),  # load the flags
    (0x54, 0, 0, 0x12),  # keep SYN and ACK
    (0x15, 0, 1, 0x02),  # SYN alone?
    (0x06, 0, 0, 0),  # drop
    (0x06, 0, 0, 0xFFFFFFFF),  # take
)


def open_listeners(host: str, port: int, count: int, before: Sequence[socket.socket] = ()) -> list[socket.socket]:
    """`count` listening sockets on one address; port 0 picks a free one for all. Raises BootRefused when it is taken.

    Those of a supervisor `before` are used again when they are on this address; whichever is not needed is closed.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except OSError as problem:
        raise BootRefused(f"HOST {host} is no address of this machine: {problem.strerror}.") from None
    listeners = _kept(before, address, count)
    if port and not listeners:
        _refuse_if_taken(family, address)
    for _ in range(count - len(listeners)):
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


def _kept(before: Sequence[socket.socket], address: tuple[object, ...], count: int) -> list[socket.socket]:
    found = [
        listener
        for listener in before
        if listener.getsockname()[0] == address[0] and address[1] in (0, listener.getsockname()[1])
    ]
    for listener in before:
        if listener not in found[:count]:
            listener.close()
    return found[:count]


def refuse_newcomers(listener: socket.socket) -> None:
    """Let the kernel drop every new connection attempt on this socket; its queue can then be emptied for good.

    Closing a listening socket resets the connections in its queue, whose requests may already be here. Clients that are dropped
    try again a second later and find the next server, or nobody. Handshakes under way are completed: only a SYN without an ACK
    is dropped. Elsewhere than on Linux this does nothing.
    """
    if not sys.platform.startswith("linux"):
        return
    steps = b"".join(struct.pack("HBBI", *step) for step in DROP_SYN)
    code = ctypes.create_string_buffer(steps)
    listener.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", len(DROP_SYN), ctypes.addressof(code)))


def take_queued(listener: socket.socket) -> Iterator[socket.socket]:
    """The connections that wait in the queue of a listening socket."""
    while True:
        try:
            accepted, _ = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        accepted.setblocking(False)
        yield accepted


def _refuse_if_taken(family: int, address: tuple[object, ...]) -> None:
    """SO_REUSEPORT would share the port with a server of the same user that still runs: look first."""
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as problem:
            reason = "the port is taken" if problem.errno == errno.EADDRINUSE else problem.strerror
            raise BootRefused(f"Cannot listen on {address[0]}:{address[1]}: {reason}.") from None
