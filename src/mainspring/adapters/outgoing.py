"""Requests to other servers over httpcore2, which follows no redirect, keeps no cookie, and knows no proxy of the environment.

The pool gets the parts of an address, never its text, so nothing reads it a second time; and it gets its connections from
`CheckedNetwork` alone.
"""

import asyncio
import re
import socket
import ssl
import zlib
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Mapping
from ipaddress import ip_address
from time import perf_counter

import httpcore2

from mainspring.core.observability import get_logger
from mainspring.core.observability.metrics import counter
from mainspring.core.observability.tracing import TRACING, Attributes
from mainspring.core.outgoing.errors import (
    AddressRefused,
    AnswerTooLarge,
    AnswerUnreadable,
    Broken,
    NotReached,
    OutgoingTimeout,
)
from mainspring.core.outgoing.networks import Address, plain
from mainspring.core.outgoing.ports import LONGEST_BODY, OutgoingAnswer
from mainspring.core.outgoing.rules import OutgoingRules
from mainspring.core.outgoing.target import Target, target_of

USER_AGENT = "mainspring"
LONGEST_HEAD = 32 * 1024
MOST_ADDRESSES = 4
CONNECTIONS, KEPT, KEPT_SECONDS = 64, 16, 30.0
TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
VALUE = re.compile(r"[\t -~\x80-\xff]*")
OURS = frozenset(("host", "content-length", "transfer-encoding", "connection", "accept-encoding", "expect", "te", "upgrade"))
UNPACKED = frozenset(("", "identity"))
GZIP = frozenset(("gzip", "x-gzip"))
GZIP_WINDOW = 31  # zlib's word for a gzip header and the largest window

Resolve = Callable[[str, int], Awaitable[Iterable[str]]]

REQUESTS = counter("mainspring_outgoing_requests_total", "Requests to other servers by how they ended.", ("outcome",))
log = get_logger(__name__)


async def resolve(host: str, port: int) -> Iterable[str]:
    """The addresses of a name, as this machine resolves it."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return dict.fromkeys(str(place[0]) for *_, place in found)


class HttpOutgoing:
    """`Outgoing`."""

    def __init__(self, rules: OutgoingRules, resolve: Resolve = resolve) -> None:
        self.rules = rules
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=_tls(rules.ca_file),
            network_backend=CheckedNetwork(rules, resolve),
            max_connections=CONNECTIONS,
            max_keepalive_connections=KEPT,
            keepalive_expiry=KEPT_SECONDS,
            http1=True,
            http2=False,
            retries=0,
        )

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        deadline: float | None = None,
        longest: int = LONGEST_BODY,
    ) -> OutgoingAnswer:
        """Send one request. The log line names the host, never the path: it may be a secret."""
        began, seconds = perf_counter(), self.rules.deadline_seconds if deadline is None else deadline
        host, outcome, size = "", "", 0
        try:
            target = target_of(url)
            host = target.host_header
            self.rules.check(target)
            told: Attributes = {"http.request.method": method, "server.address": target.host, "server.port": target.port}
            with TRACING.child(method, "client", told) as span:
                fields = _head(target, headers or {}, span.traceparent)
                answer = await self._answer(method, target, fields, body, seconds, longest)
                span.set("http.response.status_code", answer.status)
                if answer.status >= 400:
                    span.fail(str(answer.status))
            outcome, size = f"{answer.status // 100}xx", len(answer.body)
        except AddressRefused as refused:
            outcome = "AddressRefused"
            log.warn("outgoing_refused", method=method, host=host, reason=refused.reason)
            raise
        except Exception as failure:
            outcome = type(failure).__name__
            raise
        finally:
            REQUESTS.of(outcome or "cancelled").inc()
            log.info("outgoing", method=method, host=host, outcome=outcome, size=size, seconds=round(perf_counter() - began, 4))
        return answer

    async def close(self) -> None:
        """Close the connections."""
        await self._pool.aclose()

    async def _answer(
        self, method: str, target: Target, headers: list[tuple[bytes, bytes]], body: bytes | None, seconds: float, longest: int
    ) -> OutgoingAnswer:
        if not TOKEN.fullmatch(method):
            raise ValueError("a method is a word")
        url = httpcore2.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.target)
        connect = min(seconds, self.rules.connect_seconds)
        patience = {"connect": connect, "pool": connect, "read": seconds, "write": seconds}
        content = body if body is not None or method in ("GET", "HEAD", "OPTIONS") else b""
        try:
            async with (
                asyncio.timeout(seconds),
                self._pool.stream(method, url, headers=headers, content=content, extensions={"timeout": patience}) as answer,
            ):
                fields = _fields(answer.headers)
                unpacked = _unpacked(answer.aiter_stream(), fields.get("content-encoding", "").strip().lower(), longest)
                return OutgoingAnswer(answer.status, fields, await unpacked)
        except (httpcore2.ConnectError, httpcore2.ConnectTimeout, httpcore2.PoolTimeout):
            raise NotReached() from None  # the texts of the library may hold what was sent
        except (TimeoutError, httpcore2.TimeoutException):
            raise OutgoingTimeout() from None
        except (httpcore2.NetworkError, httpcore2.ProtocolError):
            raise Broken() from None


class CheckedNetwork(httpcore2.AsyncNetworkBackend):
    """Connects to an address that was checked after it was resolved, and to no other. Sockets in files are not to be had."""

    def __init__(self, rules: OutgoingRules, resolve: Resolve) -> None:
        self._rules, self._resolve = rules, resolve
        self._network = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - so the library calls it
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """A connection to one of the first addresses of the host. Raises AddressRefused before any of them is used."""
        until = perf_counter() + (self._rules.connect_seconds if timeout is None else timeout)
        addresses = await self._addresses(host, port, until - perf_counter())
        for left in range(len(addresses), 1, -1):
            try:
                return await self._connected(addresses[-left], port, (until - perf_counter()) / left)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                continue  # the next address may answer; the error of the last one counts
        return await self._connected(addresses[-1], port, until - perf_counter())

    async def _connected(self, address: Address, port: int, seconds: float) -> httpcore2.AsyncNetworkStream:
        if seconds <= 0:
            raise httpcore2.ConnectTimeout()
        return await self._network.connect_tcp(str(address), port, timeout=seconds)

    async def _addresses(self, host: str, port: int, seconds: float) -> list[Address]:
        try:
            async with asyncio.timeout(seconds):
                found = [plain(ip_address(text)) for text in await self._resolve(host, port)]
        except TimeoutError:
            raise httpcore2.ConnectTimeout() from None
        except (OSError, UnicodeError):
            raise httpcore2.ConnectError() from None
        if not found:
            raise httpcore2.ConnectError()
        self._rules.check_addresses(host, found)
        return found[:MOST_ADDRESSES]


def _tls(ca_file: str | None) -> ssl.SSLContext:
    context = httpcore2.default_ssl_context()
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _head(target: Target, headers: Mapping[str, str], traceparent: str | None = None) -> list[tuple[bytes, bytes]]:
    """The headers of a request, and the one that lets the other side continue the trace.

    Raises ValueError for a header that only we may set, or that would end the line.
    """
    given = {name.lower(): value for name, value in headers.items()}
    for name, value in given.items():
        if name in OURS or not TOKEN.fullmatch(name) or not VALUE.fullmatch(value):
            raise ValueError(f"the header {name!r} cannot be sent")
    whole = {"host": target.host_header, "user-agent": USER_AGENT, "accept": "*/*", **given, "accept-encoding": "gzip"}
    if traceparent is not None:
        whole.setdefault("traceparent", traceparent)
    return [(name.encode("ascii"), value.encode("latin-1")) for name, value in whole.items()]


def _fields(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """The headers of an answer. Raises AnswerTooLarge."""
    fields: dict[str, str] = {}
    size = 0
    for raw_name, raw_value in headers:
        size += len(raw_name) + len(raw_value) + 4
        if size > LONGEST_HEAD:
            raise AnswerTooLarge()
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        fields[name] = f"{fields[name]}, {value}" if name in fields else value
    return fields


async def _unpacked(parts: AsyncIterable[bytes], packing: str, longest: int) -> bytes:
    """The body as it was before it was packed, once at most. Raises AnswerTooLarge without unpacking further."""
    if packing not in UNPACKED and packing not in GZIP:
        raise AnswerUnreadable()
    unpacker = Unpacker(longest) if packing in GZIP else None
    whole, came = bytearray(), 0
    async for part in parts:
        came += len(part)
        if came > longest:
            raise AnswerTooLarge()
        whole += part if unpacker is None else unpacker.unpack(part)
    if unpacker is not None and came and not unpacker.is_whole:
        raise AnswerUnreadable()
    return bytes(whole)


class Unpacker:
    """Unpacks gzip, never more than `longest` bytes of it, however little they were packed into."""

    def __init__(self, longest: int) -> None:
        self._left = longest
        self._inner = zlib.decompressobj(GZIP_WINDOW)
        self.is_whole = False

    def unpack(self, part: bytes) -> bytes:
        """What the part holds. Raises AnswerTooLarge and AnswerUnreadable."""
        found = bytearray()
        while part:
            if self.is_whole:  # one more member
                self._inner, self.is_whole = zlib.decompressobj(GZIP_WINDOW), False
            try:
                piece = self._inner.decompress(part, self._left + 1)
            except zlib.error:
                raise AnswerUnreadable() from None
            self._left -= len(piece)
            if self._left < 0:
                raise AnswerTooLarge()
            found += piece
            self.is_whole = self._inner.eof
            part = self._inner.unused_data if self.is_whole else self._inner.unconsumed_tail
        return bytes(found)
