"""Redis, behind the extra `broker`."""
