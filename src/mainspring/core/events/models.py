"""The table that keeps events in order."""

from sqlalchemy import BigInteger, Column, Index, String, Table

from ..database.model import Model
from ..database.types import UtcDateTime

LONGEST_KEY = 130

# One row for each thing that events are about. Whoever publishes counts it up at the end of the transaction and so holds it until
# the commit: numbers become visible in the order in which they were given, and none arrives behind a later one.
STREAMS = Table(
    "core_event_streams",
    Model.metadata,
    Column("key", String(LONGEST_KEY), primary_key=True),
    Column("last_seq", BigInteger, nullable=False),
    Column("updated_at", UtcDateTime(), nullable=False),
    Index("ix_core_event_streams_updated_at", "updated_at"),
)
