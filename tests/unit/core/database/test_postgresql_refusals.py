"""What the driver raises, told as errors of ours (R-156)."""

import asyncpg
import pytest

from mainspring.core.database import DatabaseUnavailable, TookTooLong
from mainspring.core.database.postgresql.refusals import FAILURES, refusal

LOST = [
    ConnectionResetError(),
    TimeoutError(),
    asyncpg.InterfaceError("connection is closed"),
    asyncpg.AdminShutdownError("terminating connection due to administrator command"),
    asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"),
]


@pytest.mark.parametrize("error", LOST, ids=lambda error: type(error).__name__)
def test_a_lost_connection_is_told_as_unavailable(error: Exception) -> None:
    assert isinstance(error, FAILURES)
    assert isinstance(refusal(error), DatabaseUnavailable)


@pytest.mark.parametrize("state", ["57014", "55P03", "25P03", "25P04"])
def test_what_a_statement_did_itself_is_told_apart_from_an_outage(state):
    error = asyncpg.PostgresError("it took too long")
    error.sqlstate = state

    assert isinstance(refusal(error), TookTooLong)
