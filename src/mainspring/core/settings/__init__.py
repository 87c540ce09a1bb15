"""The configuration: read once at start, typed, checked whole, never changed afterwards (R-202 to R-207)."""

from .durations import format_duration, parse_duration
from .loading import load_settings
from .model import Settings, Shown
from .passwords import PasswordSettings
from .problems import SettingsRefused
from .secrets import keep_secret
from .section import Section

__all__ = [
    "PasswordSettings",
    "Section",
    "Settings",
    "SettingsRefused",
    "Shown",
    "format_duration",
    "keep_secret",
    "load_settings",
    "parse_duration",
]
