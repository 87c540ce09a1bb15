"""Traces in the form of OpenTelemetry, sent by its SDK over OTLP/HTTP (decision 220).

Spans wait in a queue of bounded length, which a thread empties. What finds no room is dropped, what finds no collector is dropped
and counted. The SDK's own logger is silent: that a collector does not answer is said once, and once more when it answers again.
"""

import logging
import os
import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Self

from opentelemetry import context as otel
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased, Sampler, TraceIdRatioBased
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from mainspring import __version__
from mainspring.core.observability.logs import get_logger
from mainspring.core.observability.metrics import counter
from mainspring.core.observability.tracing import NOTHING, Attributes, Kind, Span
from mainspring.core.settings import Settings

KINDS = {
    "internal": trace.SpanKind.INTERNAL,
    "server": trace.SpanKind.SERVER,
    "client": trace.SpanKind.CLIENT,
    "producer": trace.SpanKind.PRODUCER,
    "consumer": trace.SpanKind.CONSUMER,
}
NO_TRACE = otel.Context()
W3C = TraceContextTextMapPropagator()

SPANS = counter("mainspring_trace_spans_total", "Spans by what became of them: sent, or lost.", ("outcome",))
log = get_logger(__name__)


class OpenSpan:
    """`Span` around one of the SDK's."""

    __slots__ = ("_span", "_token")

    def __init__(self, span: trace.Span) -> None:
        self._span = span
        self._token: Any = None  # Any: the library's own token

    @property
    def traceparent(self) -> str | None:
        """For a message that somebody else takes later."""
        return _written(self._span.get_span_context())

    def name(self, name: str) -> None:
        """The route is known only after the start."""
        self._span.update_name(name)

    def set(self, attribute: str, value: str | float) -> None:
        """One attribute."""
        self._span.set_attribute(attribute, value)

    def fail(self, reason: str) -> None:
        """The word goes into `error.type`; the status has no text."""
        self._span.set_attribute("error.type", reason)
        self._span.set_status(trace.StatusCode.ERROR)

    def __enter__(self) -> Self:
        self._token = otel.attach(trace.set_span_in_context(self._span))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace_: TracebackType | None) -> None:
        otel.detach(self._token)
        if kind is not None:
            self.fail(kind.__qualname__)  # never its text, which may hold what a caller sent
        self._span.end()


class _Silence(AbstractContextManager[object]):
    __slots__ = ("_token",)

    def __enter__(self) -> None:
        self._token = otel.attach(trace.set_span_in_context(trace.INVALID_SPAN, NO_TRACE))

    def __exit__(self, *_: object) -> None:
        otel.detach(self._token)


class OtlpTracer:
    """`Tracer`. It starts a thread, so it is made in the process that traces, after any fork."""

    def __init__(self, settings: Settings) -> None:
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        self._provider = TracerProvider(
            resource=_resource(settings), sampler=_sampler(settings), shutdown_on_exit=False, meter_provider=None
        )
        self._provider.add_span_processor(BatchSpanProcessor(SaidOnce(_exporter(settings))))
        self._tracer = self._provider.get_tracer("mainspring", __version__)

    def begin(self, name: str, kind: Kind, attributes: Attributes, traceparent: str | None = None) -> Span:
        """With the parent that the header names; one that is malformed counts as none."""
        parent = NO_TRACE if traceparent is None else W3C.extract({"traceparent": traceparent}, NO_TRACE)
        return OpenSpan(self._tracer.start_span(name, parent, KINDS[kind], attributes))

    def child(self, name: str, kind: Kind, attributes: Attributes) -> Span:
        """Below the current span, when that one is recorded."""
        if not trace.get_current_span().is_recording():
            return NOTHING
        return OpenSpan(self._tracer.start_span(name, None, KINDS[kind], attributes))

    def silently(self) -> AbstractContextManager[object]:
        """For requests of machines that only look whether we live."""
        return _Silence()

    def here(self) -> tuple[str, str] | None:
        """For log lines, also of traces that are not sampled: other programs may have lines of the same id."""
        context = trace.get_current_span().get_span_context()
        if not context.is_valid:
            return None
        return trace.format_trace_id(context.trace_id), trace.format_span_id(context.span_id)

    def traceparent(self) -> str | None:
        """For requests to other servers and for rows."""
        return _written(trace.get_current_span().get_span_context())

    def close(self, seconds: float) -> None:
        """Send what waits. A collector that hangs is left after so many seconds; its thread ends with the process."""
        closing = threading.Thread(target=self._provider.shutdown, name="traces end", daemon=True)
        closing.start()
        closing.join(seconds)


class SaidOnce(SpanExporter):
    """Counts what is sent and lost, and says once that the collector does not take it."""

    def __init__(self, inner: SpanExporter) -> None:
        self._inner = inner
        self._is_lost = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """On the exporting thread; it never raises."""
        reason = "it refuses or does not answer"
        try:
            result = self._inner.export(spans)
        except Exception as error:  # whatever it is, the spans are lost and the next batch may do better
            result, reason = SpanExportResult.FAILURE, type(error).__name__
        is_lost = result is not SpanExportResult.SUCCESS
        SPANS.of("lost" if is_lost else "sent").inc(len(spans))
        if is_lost and not self._is_lost:
            log.warn("traces_are_not_taken", reason=reason)
        elif self._is_lost and not is_lost:
            log.info("traces_are_taken_again")
        self._is_lost = is_lost
        return result

    def shutdown(self) -> None:
        """Ends waits between two tries."""
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Nothing waits here."""
        return True


def _written(context: trace.SpanContext) -> str | None:
    if not context.is_valid:
        return None
    ids = f"{trace.format_trace_id(context.trace_id)}-{trace.format_span_id(context.span_id)}"
    return f"00-{ids}-{context.trace_flags & trace.TraceFlags.SAMPLED:02x}"


def _resource(settings: Settings) -> Resource:
    """Who speaks: OTEL_RESOURCE_ATTRIBUTES, over what we know ourselves."""
    pairs = (part.partition("=") for part in (settings.otel_resource_attributes or "").split(",") if "=" in part)
    given = {name.strip(): value.strip() for name, _, value in pairs}
    own: dict[str, str | int] = {
        "service.name": settings.service_name,
        "deployment.environment.name": settings.app_env,
        "process.pid": os.getpid(),
    }
    named = {"service.name": settings.otel_service_name} if settings.otel_service_name else {}
    return Resource.create({**own, **given, **named})


def _sampler(settings: Settings) -> Sampler:
    """OTEL_TRACES_SAMPLER and its argument, as the specification names them."""
    kind = settings.otel_traces_sampler
    root: Sampler = ALWAYS_OFF if kind.endswith("always_off") else ALWAYS_ON
    if kind.endswith("traceidratio"):
        root = TraceIdRatioBased(settings.otel_traces_sampler_arg)
    return ParentBased(root) if kind.startswith("parentbased_") else root


def _exporter(settings: Settings) -> OTLPSpanExporter:
    whole = settings.otel_exporter_otlp_traces_endpoint
    base = settings.otel_exporter_otlp_endpoint
    secret = settings.otel_exporter_otlp_headers
    headers = None
    if secret is not None:
        pairs = (pair.partition("=") for pair in secret.get_secret_value().split(",") if "=" in pair)
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return OTLPSpanExporter(endpoint=whole or f"{(base or '').rstrip('/')}/v1/traces", headers=headers)
