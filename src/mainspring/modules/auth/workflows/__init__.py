"""Deeds that hash or sign between units of work, so that no transaction waits for a processor."""

from .changing_password import ChangingPassword
from .completing import Completing
from .refreshing import Refreshing
from .registering import Registering
from .second_factors import SecondFactors
from .signing_in import SigningIn
from .stepping_up import SteppingUp

__all__ = [
    "ChangingPassword",
    "Completing",
    "Refreshing",
    "Registering",
    "SecondFactors",
    "SigningIn",
    "SteppingUp",
]
