"""The web server: one supervisor, its workers, and the HTTP/1.1 that they speak (docs/decisions)."""
