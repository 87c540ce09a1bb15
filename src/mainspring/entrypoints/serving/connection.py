"""One client's connection: HTTP/1.1 read by llhttp, one exchange at a time, in the order of the requests (RFC 9112)."""

import asyncio
from collections import deque
from typing import TYPE_CHECKING, cast

import httptools

from mainspring.core import tasks
from mainspring.core.observability import get_logger

from .exchange import Exchange
from .heads import MOST_HEADERS, REFUSALS, Refused, address, scope_of

if TYPE_CHECKING:
    from .server import Server

LOG = get_logger(__name__)
MOST_HEAD_BYTES = 64 * 1024
MOST_PIPELINED = 64
HEAD_SECONDS = 15.0
IDLE_SECONDS = 75.0
DISCARD_SECONDS = 30.0


class Connection(asyncio.Protocol):
    """Reads requests from one socket and starts an exchange for each."""

    __slots__ = (
        "_drain_waiter",
        "client",
        "current",
        "deadline",
        "expects_continue",
        "has_asked",
        "head_bytes",
        "headers",
        "is_closing",
        "is_full",
        "is_paused",
        "is_reading_head",
        "made_at",
        "own",
        "parser",
        "pending",
        "reading",
        "server",
        "target",
        "transport",
    )

    transport: asyncio.Transport

    def __init__(self, server: "Server") -> None:
        self.server = server
        self.parser = httptools.HttpRequestParser(self)
        self.current: Exchange | None = None  # being answered
        self.reading: Exchange | None = None  # whose body is arriving
        self.pending: deque[Exchange] = deque()
        self.is_closing = False
        self.is_full = False
        self.is_paused = False
        self.is_reading_head = False
        self.has_asked = False
        self.made_at = server.loop.time()
        self.head_bytes = 0
        self.target = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.expects_continue = False
        self.deadline = server.now + HEAD_SECONDS
        self._drain_waiter: asyncio.Future[None] | None = None

    # what the loop tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has connected."""
        self.transport = cast(asyncio.Transport, transport)  # uvloop's are no subclass
        self.client = address(transport.get_extra_info("peername"))
        self.own = address(transport.get_extra_info("sockname"))
        self.server.connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is closed, by whichever side."""
        self.server.connections.discard(self)
        self.is_closing = True
        self.pending.clear()
        for exchange in (self.current, self.reading):
            if exchange is not None:
                exchange.lose()
        self.resume_writing()

    def data_received(self, data: bytes) -> None:
        """Bytes have arrived."""
        if self.is_closing:
            return
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._last_request()  # no other protocol is spoken here; the request itself gets its answer
        except httptools.HttpParserError as problem:
            cause = problem.__context__  # what a callback raised
            self._refuse(cause.status if isinstance(cause, Refused) else 400)
            return
        if self.is_reading_head:
            self.head_bytes += len(data)
            if self.head_bytes > MOST_HEAD_BYTES:
                self._refuse(431)
                return
        if self.current is None and self.pending:
            self._start(self.pending.popleft())

    def eof_received(self) -> None:
        """The client sends no more; whoever half-closes gets no answer, like everywhere on the web."""

    def pause_writing(self) -> None:
        """The client reads too slowly."""
        self.is_full = True

    def resume_writing(self) -> None:
        """The client caught up."""
        self.is_full = False
        waiter, self._drain_waiter = self._drain_waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    # what the parser tells

    def on_message_begin(self) -> None:
        """A request begins."""
        self.is_reading_head = self.has_asked = True
        self.head_bytes = 0
        self.target = b""
        self.headers = []
        self.expects_continue = False
        if self.current is None:
            self.deadline = self.server.now + HEAD_SECONDS

    def on_url(self, url: bytes) -> None:
        """A piece of the request target."""
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header field."""
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expects_continue = True
        self.headers.append((name, value))
        if len(self.headers) > MOST_HEADERS:
            raise Refused(431)

    def on_headers_complete(self) -> None:
        """The head is complete: an exchange can begin."""
        self.is_reading_head = False
        self.deadline = 0.0
        parser = self.parser
        version = parser.get_http_version()
        if len(self.pending) >= MOST_PIPELINED:
            raise Refused(400)
        exchange = Exchange(
            self,
            scope_of(self, parser.get_method(), version),
            keeps_alive=parser.should_keep_alive() and not self.is_closing,
            expects_continue=self.expects_continue and version == "1.1",
        )
        self.reading = exchange
        self.pending.append(exchange)
        if self.current is not None:
            self.pause()

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        if self.reading is not None:
            self.reading.take(data)

    def on_message_complete(self) -> None:
        """The request is whole."""
        exchange, self.reading = self.reading, None
        if exchange is not None:
            exchange.complete()
            if exchange.has_ended:
                self._next(exchange)

    # what an exchange asks for

    def write(self, data: bytes) -> None:
        """Send bytes, in order, together with those of other connections."""
        self.server.outbox.put(self.transport, data)

    async def drained(self) -> None:
        """Wait until the client has read enough of what was written."""
        if self.is_full and not self.is_closing:
            self._drain_waiter = self.server.loop.create_future()
            await self._drain_waiter

    def pause(self) -> None:
        """Read no more for now."""
        if not self.is_paused and not self.is_closing:
            self.is_paused = True
            self.transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        if self.is_paused and not self.is_closing:
            self.is_paused = False
            self.transport.resume_reading()

    def answered(self, exchange: Exchange) -> None:
        """The answer is written. What is left of its request is read and thrown away, so that the client can read the answer."""
        if exchange is self.reading:
            self.deadline = self.server.now + DISCARD_SECONDS
            self.resume()
        else:
            self._next(exchange)

    def abort(self) -> None:
        """Close at once."""
        self.is_closing = True
        self.transport.abort()

    def close(self) -> None:
        """Close once everything written has left."""
        if not self.is_closing:
            self.is_closing = True
            self.server.outbox.flush()
            self.transport.close()

    def end_endless(self) -> None:
        """Close an event stream, which would never end by itself; its handler hears that the client is gone."""
        if self.current is not None and self.current.is_endless:
            self.current.lose()
            self.close()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is asked or answered here at the moment."""
        return self.current is None and not self.pending and not self.is_reading_head

    @property
    def silent_since(self) -> float:
        """When the last answer was written, on the server's clock of seconds; while there was none, when it was made."""
        return self.deadline - IDLE_SECONDS if self.has_asked else self.made_at

    def check(self, now: float) -> None:
        """Close when the client is too slow or silent too long. Called about every second."""
        if not self.deadline or now < self.deadline or self.is_closing:
            return
        if self.is_reading_head and self.current is None:
            self._refuse(408)
        else:
            self.close()

    def _start(self, exchange: Exchange) -> None:
        self.current = exchange
        self.server.started += 1
        tasks.at_once(exchange.run(), self.server.loop)

    def _next(self, exchange: Exchange) -> None:
        if exchange is not self.current:
            return
        self.current = None
        if not exchange.keeps_alive or self.is_closing:
            self.close()
        elif self.pending:
            self.server.loop.call_soon(self._start_pending)
        else:
            self.deadline = self.server.now + IDLE_SECONDS
            self.resume()

    def _start_pending(self) -> None:
        if self.current is None and self.pending and not self.is_closing:
            self._start(self.pending.popleft())

    def _last_request(self) -> None:
        for exchange in (*self.pending, *([self.current] if self.current else [])):
            exchange.keeps_alive = False

    def _refuse(self, status: int) -> None:
        """Answer what cannot be understood, unless an answer is under way, and close."""
        if self.current is None:
            self.write(REFUSALS[status])
        self.close()
