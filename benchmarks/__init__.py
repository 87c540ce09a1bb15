"""How fast Mainspring is, measured beside a bare program that does the same work: `python -m benchmarks`."""
