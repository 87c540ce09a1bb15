"""What receives traces and reports in these tests."""

from collections.abc import Iterator

import pytest

from tests.integration.adapters.collector import Collector, collecting
from tests.integration.adapters.error_inbox import ErrorInbox, error_inbox


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as one:
        yield one


@pytest.fixture
def inbox() -> Iterator[ErrorInbox]:
    with error_inbox() as one:
        yield one
