"""Deeds that hash or sign between units of work, so that no transaction waits for a processor."""

from .changing_password import ChangingPassword
from .completing import Completing
from .passkeys import Passkeys
from .refreshing import Refreshing
from .registering import Registering
from .replacing import Replacing
from .second_factors import SecondFactors
from .signing_in import SigningIn
from .stepping_up import SteppingUp

__all__ = [
    "ChangingPassword",
    "Completing",
    "Passkeys",
    "Refreshing",
    "Registering",
    "Replacing",
    "SecondFactors",
    "SigningIn",
    "SteppingUp",
]
