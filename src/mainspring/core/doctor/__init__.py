"""`mainspring doctor`: what is unsafe, missing or not running, each with its cure (R-317)."""

from .extras import missing
from .finding import Finding
from .patient import Patient

__all__ = ["Finding", "Patient", "missing"]
