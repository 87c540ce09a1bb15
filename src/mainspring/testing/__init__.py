"""For module authors: pytest fixtures with real databases, an in-process client, and real server processes (docs/testing.md)."""
