"""Facts that modules publish. Subscribers and their delivery come with the job engine."""

from .event import Event

__all__ = ["Event"]
