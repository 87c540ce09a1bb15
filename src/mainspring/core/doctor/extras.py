"""Libraries that what is configured needs, and that are an extra of the package."""

import importlib.util
from collections.abc import Iterator

from ..settings import Settings
from .finding import Finding
from .patient import Patient


def about_extras(patient: Patient) -> list[Finding]:
    """What is not installed, with the extra that brings it."""
    return [finding for extra, library in dict(needed(patient.settings)).items() for finding in missing(library, extra)]


def missing(library: str, extra: str) -> list[Finding]:
    """A finding when the library of an extra is not installed; modules ask this about theirs."""
    if importlib.util.find_spec(library) is not None:
        return []
    return [Finding(f"{library} is not installed, and the settings need it.", f"pip install 'mainspring[{extra}]'")]


def needed(settings: Settings) -> Iterator[tuple[str, str]]:
    """Extra and library of each thing of core that is configured."""
    if any(url.startswith("postgres") for url in settings.databases.values()):
        yield "postgres", "asyncpg"
    if settings.redis_url:
        yield "broker", "redis"
    if settings.jobs.transport != "database" or settings.events.relay is not None or settings.events.source is not None:
        yield "broker", "faststream"
    if settings.smtp_url is not None or settings.email_host is not None:
        yield "smtp", "aiosmtplib"
