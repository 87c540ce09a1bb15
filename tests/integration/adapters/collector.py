"""A collector of OpenTelemetry for tests: a real HTTP server that takes protobuf at /v1/traces and keeps what it is sent."""

import gzip
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse

SECONDS = 30.0


@dataclass(frozen=True)
class KeptSpan:
    """A span as it arrived; ids in hexadecimal."""

    name: str
    kind: int
    trace: str
    id: str
    parent: str
    attributes: dict[str, Any]
    resource: dict[str, Any]
    is_error: bool


@dataclass
class Collector:
    """What arrived. `status` is what it answers; while `is_hanging` is set it does not answer at all."""

    port: int = 0
    status: int = 200
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    is_hanging: threading.Event = field(default_factory=threading.Event)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def spans(self) -> list[KeptSpan]:
        found = []
        for body in list(self.bodies):
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                told = values(resource.resource.attributes)
                for scope in resource.scope_spans:
                    found += [
                        KeptSpan(
                            span.name,
                            span.kind,
                            span.trace_id.hex(),
                            span.span_id.hex(),
                            span.parent_span_id.hex(),
                            values(span.attributes),
                            told,
                            span.status.code == 2,
                        )
                        for span in scope.spans
                    ]
        return found

    def until(self, enough: Callable[[list[KeptSpan]], Any]) -> Any:
        """Wait until what arrived is enough, and answer what `enough` answers."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            if found := enough(self.spans):
                return found
            time.sleep(0.05)
        raise AssertionError(f"it did not arrive; there are {sorted({span.name for span in self.spans})}")


def values(attributes: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in attributes}


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector on a free port of this machine."""
    kept = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            while kept.is_hanging.is_set():
                time.sleep(0.05)
            if kept.status == 200 and self.path == "/v1/traces":
                kept.headers.append({name.lower(): value for name, value in self.headers.items()})
                kept.bodies.append(gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body)
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(kept.status if self.path == "/v1/traces" else 404)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

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
