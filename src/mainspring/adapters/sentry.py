"""Reports of errors in Sentry's protocol, by its SDK's client alone (decision 221).

Nothing of the SDK hooks itself in: no integration, no global hub, no breadcrumbs. An event holds the classes and texts of the
exceptions, without secrets and addresses as in a log line, and their frames without variables; the route, the ids of the
request, of the user and of the trace. Bodies, headers, cookies, queries and client addresses are not in it.
"""

import logging
from collections.abc import Mapping
from typing import Any

import sentry_sdk
from sentry_sdk.types import Event
from sentry_sdk.utils import event_from_exception

from mainspring import __version__
from mainspring.core.observability.logs import get_logger
from mainspring.core.observability.redaction import redacted_text
from mainspring.core.settings import Settings

TAGS = {"requestId": "request_id", "traceId": "trace_id", "jobId": "job_id"}
FRAME = ("filename", "abs_path", "function", "module", "lineno", "in_app")
LONGEST_TEXT = 1000

log = get_logger(__name__)


class SentryReporter:
    """`Reporter`. It starts a thread at the first report, so it is made in the process that reports, after any fork."""

    def __init__(self, settings: Settings) -> None:
        assert settings.sentry_dsn is not None  # noqa: S101  whoever makes it has looked
        logging.getLogger("sentry_sdk").setLevel(logging.CRITICAL)
        self._client = sentry_sdk.Client(
            dsn=settings.sentry_dsn.get_secret_value(),
            release=settings.sentry_release or f"{settings.service_name}@{__version__}",
            environment=settings.app_env,
            server_name="",
            default_integrations=False,
            auto_enabling_integrations=False,
            include_local_variables=False,
            include_source_context=False,
            max_request_body_size="never",
            max_breadcrumbs=0,
            auto_session_tracking=False,
            send_client_reports=False,
            enable_logs=False,
            traces_sample_rate=None,
            keep_alive=False,
            _experiments={"transport_compression_level": 6},  # of gzip, which every receiver reads
        )

    def report(self, error: BaseException, logger: str, message: str, context: Mapping[str, Any]) -> None:
        """Hand the event to the SDK's queue, which is bounded and drops."""
        event, _ = event_from_exception(error, client_options=self._client.options)
        self._client.capture_event(cleaned(event, logger, message, context))

    def close(self, seconds: float) -> None:
        """Send what waits."""
        self._client.close(timeout=seconds)


def cleaned(made: Mapping[str, Any], logger: str, message: str, context: Mapping[str, Any]) -> Event:
    """An event of the SDK, of which only what is named here is taken over."""
    values = [_exception(value) for value in (made.get("exception") or {}).get("values", ())]
    event: Event = {
        "level": "error",
        "logger": logger,
        "platform": "python",
        "exception": {"values": values},
        "tags": {"event": message, **{tag: str(context[name]) for name, tag in TAGS.items() if context.get(name)}},
    }
    if route := context.get("route") or " ".join(filter(None, (context.get("method"), context.get("path")))):
        event["transaction"] = redacted_text(str(route))
    if context.get("userId"):
        event["user"] = {"id": str(context["userId"])}
    return event


def _exception(value: Mapping[str, Any]) -> dict[str, Any]:
    first, _, _ = str(value.get("value") or "").partition("\n")  # further lines hold values: of rows, of what was validated
    text = redacted_text(first)[:LONGEST_TEXT]
    frames = [{name: frame[name] for name in FRAME if name in frame} for frame in _frames(value)]
    return {
        "type": value.get("type"),
        "module": value.get("module"),
        "value": text,
        "mechanism": value.get("mechanism"),
        "stacktrace": {"frames": frames},
    }


def _frames(value: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (value.get("stacktrace") or {}).get("frames", [])
    return found
