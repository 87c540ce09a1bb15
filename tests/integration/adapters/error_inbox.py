"""A small server that speaks Sentry's protocol for tests: it takes envelopes and keeps their events."""

import gzip
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECONDS = 20.0


@dataclass
class ErrorInbox:
    """What arrived: whole bodies, and the events in them."""

    port: int = 0
    bodies: list[bytes] = field(default_factory=list)
    is_hanging: threading.Event = field(default_factory=threading.Event)

    @property
    def dsn(self) -> str:
        return f"http://public-key-1@127.0.0.1:{self.port}/42"

    @property
    def events(self) -> list[dict[str, Any]]:
        return [event for body in list(self.bodies) for event in events_in(body)]

    def until(self, count: int) -> list[dict[str, Any]]:
        """Wait for so many events."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline and len(self.events) < count:
            time.sleep(0.02)
        assert len(self.events) >= count, "no report arrived"
        return self.events


def events_in(envelope: bytes) -> Iterator[dict[str, Any]]:
    """A header, then for each item its header and its payload, each on a line (Sentry's envelopes)."""
    lines = envelope.split(b"\n")
    for at in range(1, len(lines) - 1, 2):
        if lines[at] and json.loads(lines[at])["type"] == "event":
            yield json.loads(lines[at + 1])


@contextmanager
def error_inbox() -> Iterator[ErrorInbox]:
    """A server on a free port of this machine."""
    kept = ErrorInbox()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            while kept.is_hanging.is_set():
                time.sleep(0.02)
            is_ours = self.path == "/api/42/envelope/" and "sentry_key=public-key-1" in self.headers["x-sentry-auth"]
            if is_ours:
                kept.bodies.append(gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body)
            self.send_response(200 if is_ours else 403)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    kept.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        kept.is_hanging.clear()
        server.shutdown()
        server.server_close()
        thread.join()
