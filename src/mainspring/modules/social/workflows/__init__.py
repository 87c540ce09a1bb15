"""Deeds that ask a provider between units of work, so that no transaction waits for the world."""

from .beginning import Beginning
from .hearing_logouts import HearingLogouts
from .returning import Brought, Returned, Returning
from .taking import Taking

__all__ = ["Beginning", "Brought", "HearingLogouts", "Returned", "Returning", "Taking"]
