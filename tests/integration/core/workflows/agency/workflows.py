"""What the agency carries out."""

from tests.integration.core.workflows.sagas import book_trip

__all__ = ["book_trip"]
