"""Where a test of sessions runs: on both databases, and with sessions in Redis."""

import pytest

REDIS = "-redis"
EVERY_STORE = pytest.mark.parametrize("dialect", ["sqlite", "postgresql", f"postgresql{REDIS}"], indirect=True)
IN_REDIS = pytest.mark.parametrize("dialect", [f"postgresql{REDIS}"], indirect=True)
