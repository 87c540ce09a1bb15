"""What cannot be meant in the settings of traces and of reports of errors."""

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from .model import Settings


def about_telemetry(settings: "Settings") -> list[str]:
    """One sentence for each value that cannot be meant."""
    problems = []
    for name in ("otel_exporter_otlp_endpoint", "otel_exporter_otlp_traces_endpoint"):
        url = getattr(settings, name)
        if url and not _is_web(url):
            problems.append(f"{name.upper()} must be an address such as http://localhost:4318.")
    if settings.sentry_dsn is not None:
        dsn = settings.sentry_dsn.get_secret_value()
        if not _is_web(dsn) or "@" not in dsn or not urlsplit(dsn).path.rpartition("/")[2].isdigit():
            problems.append("SENTRY_DSN must look like https://KEY@sentry.example.com/1.")
    return problems


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # of a port that is no number
        return False
