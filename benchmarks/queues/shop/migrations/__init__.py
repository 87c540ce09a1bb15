"""Changes of the benchmark's table."""
