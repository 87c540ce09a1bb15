"""Starts and ends what a process tells to others: traces (R-196, R-197) and reports of errors (R-158)."""

import asyncio
from typing import TYPE_CHECKING

from ..adapters import adapter
from .logs import OUTPUT
from .reports import Reports
from .tracing import TRACING

if TYPE_CHECKING:
    from ..application import Application
    from ..settings import Settings

TRACER = "otlp:OtlpTracer"
REPORTER = "sentry:SentryReporter"
LAST_SECONDS = 3.0


def traces_are_on(settings: "Settings") -> bool:
    """Whether traces are sent anywhere."""
    has_place = settings.otel_exporter_otlp_endpoint or settings.otel_exporter_otlp_traces_endpoint
    return bool(has_place) and not settings.otel_sdk_disabled


def load_telemetry(settings: "Settings") -> None:
    """Import what the settings ask for, before any fork. Raises BootRefused when its extra is not installed."""
    if traces_are_on(settings):
        adapter(TRACER, extra="otel")
    if settings.sentry_dsn is not None:
        adapter(REPORTER, extra="sentry")


def start_telemetry(application: "Application") -> None:
    """Begin in this process; what waits at its end is sent when the application stops, within three seconds."""
    settings = application.settings
    if traces_are_on(settings):
        tracer = TRACING.tracer = adapter(TRACER, extra="otel")(settings)

        async def end_traces() -> None:
            if TRACING.tracer is tracer:
                TRACING.tracer = None
            await asyncio.to_thread(tracer.close, _seconds(settings))

        application.on_stop(end_traces)
    if settings.sentry_dsn is not None:
        reporter = adapter(REPORTER, extra="sentry")(settings)
        note = OUTPUT.report = Reports(reporter).note

        async def end_reports() -> None:
            if OUTPUT.report is note:
                OUTPUT.report = None
            await asyncio.to_thread(reporter.close, _seconds(settings))

        application.on_stop(end_reports)


def _seconds(settings: "Settings") -> float:
    """A tenth of the time that a process has for its end, so that nothing is cut off for it."""
    return min(LAST_SECONDS, settings.drain_timeout.total_seconds() / 10)
