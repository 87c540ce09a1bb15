"""RabbitMQ, behind the extra `broker`."""
