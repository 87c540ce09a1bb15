"""What a trace is made of, and the one place that knows whether there is a tracer."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Literal, Protocol, Self, TypeAlias

Kind = Literal["internal", "server", "client", "producer", "consumer"]
Attributes: TypeAlias = Mapping[str, str | int | float | bool]


class Span(Protocol):
    """One step. It is a child of the span around it; leaving it ends it, by an exception as a failed one."""

    @property
    def traceparent(self) -> str | None:
        """What another process continues the trace with (W3C Trace Context, section 3.2); None when there is no trace."""
        ...

    def name(self, name: str) -> None:
        """Call it otherwise than at its start."""
        ...

    def set(self, attribute: str, value: str | float) -> None:
        """Note one thing about it."""
        ...

    def fail(self, reason: str) -> None:
        """It went wrong; `reason` is a word such as a class or a status, never a message."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...


class Tracer(Protocol):
    """What the adapter of OpenTelemetry offers."""

    def begin(self, name: str, kind: Kind, attributes: Attributes, traceparent: str | None = None) -> Span:
        """A span that continues `traceparent`, or begins a trace. One that is not sampled records nothing."""
        ...

    def child(self, name: str, kind: Kind, attributes: Attributes) -> Span:
        """A span below the one around it; `NOTHING` where none is recorded."""
        ...

    def silently(self) -> AbstractContextManager[object]:
        """Within it no trace begins or goes on."""
        ...

    def here(self) -> tuple[str, str] | None:
        """The ids of the trace and of the span around the caller, in hexadecimal."""
        ...

    def traceparent(self) -> str | None:
        """What another process continues the trace around the caller with."""
        ...

    def close(self, seconds: float) -> None:
        """Send what waits, for at most so long."""
        ...


class _Nothing:
    """A span of nobody's trace."""

    traceparent: str | None = None

    def name(self, name: str) -> None:
        """Nothing."""

    def set(self, attribute: str, value: str | float) -> None:
        """Nothing."""

    def fail(self, reason: str) -> None:
        """Nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Nothing."""


NOTHING: Span = _Nothing()


class Tracing:
    """The tracer of this process, if traces are on."""

    __slots__ = ("tracer",)

    def __init__(self) -> None:
        self.tracer: Tracer | None = None

    def child(self, name: str, kind: Kind = "internal", attributes: Attributes | None = None) -> Span:
        """A span below the one around it: `with TRACING.child("hash a password"): ...`; for module authors too."""
        tracer = self.tracer
        return NOTHING if tracer is None else tracer.child(name, kind, attributes or {})

    def begin(self, name: str, kind: Kind, attributes: Attributes, traceparent: str | None = None) -> Span:
        """A span that continues another process's trace, or begins one."""
        tracer = self.tracer
        return NOTHING if tracer is None else tracer.begin(name, kind, attributes, traceparent)

    def here(self) -> tuple[str, str] | None:
        """The ids of the trace and of the span around the caller, for log lines."""
        tracer = self.tracer
        return None if tracer is None else tracer.here()

    def traceparent(self) -> str | None:
        """The header for a request to another server."""
        tracer = self.tracer
        return None if tracer is None else tracer.traceparent()


TRACING = Tracing()
