"""Names that one process at a time may hold."""

from .duty import Duty
from .lease import Lease

__all__ = ["Duty", "Lease"]
