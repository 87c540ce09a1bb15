"""SQLite, inline on the event loop."""
