"""Orders: what was bought, paid, sent and refunded."""
