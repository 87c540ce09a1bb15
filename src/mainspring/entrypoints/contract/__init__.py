"""What front-end teams get: the handoff document, a typed client, and the comparison of two contracts."""
