"""Traces (R-196): which steps a request took, over every process that worked for it, and how long each was.

Off unless OTEL_EXPORTER_OTLP_ENDPOINT is set; then `TRACING.tracer` is there. Mechanisms ask `TRACING.child(...)` around what
takes time: without a trace under way it answers `NOTHING`, which costs a tenth of a microsecond. What a span says is a name and
attributes of a small set of words: never a value that a caller sent.
"""

from .spans import NOTHING, TRACING, Attributes, Kind, Span, Tracer, Tracing

__all__ = ["NOTHING", "TRACING", "Attributes", "Kind", "Span", "Tracer", "Tracing"]
