"""One request and its answer, as ASGI sees them (RFC 9110, RFC 9112)."""

import asyncio
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from mainspring.core.observability import get_logger

if TYPE_CHECKING:
    from .connection import Connection

LOG = get_logger(__name__)
STATUS_LINES = {status.value: b"HTTP/1.1 %d %s\r\n" % (status.value, status.phrase.encode()) for status in HTTPStatus}
WITHOUT_BODY = frozenset((204, 304))
READ_AHEAD = 64 * 1024
FAILED = (
    b"HTTP/1.1 500 Internal Server Error\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 21\r\n"
    b"connection: close\r\n\r\nInternal Server Error"
)


class ClientGone(OSError):
    """The client closed the connection while its answer was streamed."""


class Exchange:
    """Feeds the application one request and writes its answer. Made when the head of the request is complete."""

    __slots__ = (
        "body",
        "connection",
        "expects_continue",
        "has_ended",
        "head",
        "is_chunked",
        "is_delivered",
        "is_endless",
        "is_gone",
        "is_whole",
        "keeps_alive",
        "left_bytes",
        "scope",
        "waiter",
    )

    def __init__(self, connection: "Connection", scope: dict[str, Any], *, keeps_alive: bool, expects_continue: bool) -> None:
        self.connection = connection
        self.scope = scope
        self.keeps_alive = keeps_alive
        self.expects_continue = expects_continue
        self.body: list[bytes] = []
        self.is_whole = False  # the last byte of the request is here
        self.is_delivered = False  # and the application has it
        self.is_gone = False
        self.has_ended = False
        self.is_chunked = False
        self.is_endless = False
        self.left_bytes = 0
        self.head: bytes | None = None  # None: not started; empty: sent
        self.waiter: asyncio.Future[None] | None = None

    async def run(self) -> None:
        """Let the application answer; what it fails to do becomes a 500 or a closed connection."""
        server = self.connection.server
        server.running += 1
        try:
            await server.application(self.scope, self.receive, self.send)
            if not self.has_ended:
                LOG.error("answer_incomplete", method=self.scope["method"], path=self.scope["path"])
        except ClientGone:
            pass
        except Exception as error:  # the last place where a bug can be told
            LOG.error("answer_failed", error=error, method=self.scope["method"], path=self.scope["path"])
        finally:
            server.running -= 1
            if not self.has_ended:
                self._give_up()

    def take(self, data: bytes) -> None:
        """More of the request's body has arrived."""
        if self.has_ended:
            return  # the application did not want it
        self.body.append(data)
        if self.waiter is not None:
            self._wake()
        elif len(data) > READ_AHEAD or sum(map(len, self.body)) > READ_AHEAD:
            self.connection.pause()

    def complete(self) -> None:
        """The whole request is here."""
        self.is_whole = True
        self._wake()

    def lose(self) -> None:
        """The client is gone."""
        self.is_gone = True
        self._wake()

    async def receive(self) -> dict[str, Any]:
        """ASGI's receive: parts of the body, then `http.disconnect` once the client is gone or the answer has ended."""
        if self.expects_continue:
            self.expects_continue = False
            if self.head is None:
                self.connection.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        while not (self.body or self.is_gone or self.has_ended or (self.is_whole and not self.is_delivered)):
            self.waiter = self.connection.server.loop.create_future()
            await self.waiter
        if self.has_ended or self.is_delivered or (self.is_gone and not self.is_whole):
            return {"type": "http.disconnect"}
        data = self.body[0] if len(self.body) == 1 else b"".join(self.body)
        self.body.clear()
        self.is_delivered = self.is_whole
        if not self.is_whole:
            self.connection.resume()
        return {"type": "http.request", "body": data, "more_body": not self.is_whole}

    async def send(self, message: Any) -> None:
        """ASGI's send. Raises ClientGone in a stream whose client left, RuntimeError for messages out of order."""
        kind = message["type"]
        if kind == "http.response.start" and self.head is None:
            self.head = self._compose(message["status"], message.get("headers", ()))
            if self.is_chunked:
                self._flush(b"")  # a stream's head does not wait for its first part
        elif kind == "http.response.body" and self.head is not None and not self.has_ended:
            more = message.get("more_body", False)
            if self.is_gone and more:
                raise ClientGone
            self._write(message.get("body", b""), is_last=not more)
            if more and self.connection.is_full:
                await self.connection.drained()
        else:
            raise RuntimeError(f"{kind} does not belong here.")

    def _compose(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
        server = self.connection.server
        lines = [STATUS_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status]
        count = 3  # the status, the date and the empty line
        length: int | None = None
        if server.is_draining or not self.is_whole:
            self.keeps_alive = False
        for name, value in headers:
            lines += (name, b": ", value, b"\r\n")
            count += 1
            if len(name) == 14 and name.lower() == b"content-length":
                length = int(value)
            elif len(name) == 12 and value[:17] == b"text/event-stream" and name.lower() == b"content-type":
                self.is_endless = True
            elif len(name) == 10 and name.lower() == b"connection":
                del lines[-4:]
                count -= 1
                self.keeps_alive = self.keeps_alive and value.lower() != b"close"
        if status in WITHOUT_BODY or self.scope["method"] == "HEAD":
            self.left_bytes = 0
        elif length is not None:
            self.left_bytes = length
        elif self.scope["http_version"] == "1.1":
            self.is_chunked = True
        else:
            self.keeps_alive = False
            self.left_bytes = 1 << 62  # HTTP/1.0: the end of the connection ends the body
        lines += (
            server.date_line,
            b"transfer-encoding: chunked\r\n" if self.is_chunked else b"",
            b"" if self.keeps_alive else b"connection: close\r\n",
            b"\r\n",
        )
        head = b"".join(lines)
        if head.count(b"\n") != count + self.is_chunked + (not self.keeps_alive):
            raise RuntimeError("A header of the answer holds a line break.")
        return head

    def _write(self, data: bytes, *, is_last: bool) -> None:
        if self.is_chunked:
            data = b"%x\r\n%b\r\n" % (len(data), data) if data else b""
            if is_last:
                data += b"0\r\n\r\n"
        else:
            data = data[: self.left_bytes]
            self.left_bytes -= len(data)
        self._flush(data)
        if is_last:
            if 0 < self.left_bytes < 1 << 61:
                LOG.error("answer_too_short", path=self.scope["path"], missingBytes=self.left_bytes)
                self.keeps_alive = False
            self._end()

    def _flush(self, data: bytes) -> None:
        if not self.is_gone:
            self.connection.write(self.head + data if self.head else data)
        self.head = b""

    def _give_up(self) -> None:
        """Close the connection, so that nobody takes half an answer for a whole one; before any of it, say 500."""
        if not self.is_gone and self.head is not None and not self.head:
            self.connection.abort()
        elif not self.is_gone:
            self.connection.write(FAILED)
        self.keeps_alive = False
        self._end()

    def _end(self) -> None:
        self.has_ended = True
        self.body.clear()
        self._wake()
        self.connection.answered(self)

    def _wake(self) -> None:
        waiter, self.waiter = self.waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
