"""Kafka, behind the extra `broker`."""
