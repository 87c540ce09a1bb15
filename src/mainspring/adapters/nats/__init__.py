"""NATS JetStream, behind the extra `broker`."""
