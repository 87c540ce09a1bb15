"""Deeds that hash, sign or mail between units of work, so that no transaction waits for a processor or the world."""

from .changing_email import ChangingEmail
from .changing_password import ChangingPassword
from .completing import Completing
from .impersonating import Impersonating
from .leaving import Leaving
from .passkeys import Passkeys
from .proving_mailbox import ProvingMailbox
from .refreshing import Refreshing
from .registering import Registering
from .second_factors import SecondFactors
from .signing_in import SigningIn
from .stepping_up import SteppingUp

__all__ = [
    "ChangingEmail",
    "ChangingPassword",
    "Completing",
    "Impersonating",
    "Leaving",
    "Passkeys",
    "ProvingMailbox",
    "Refreshing",
    "Registering",
    "SecondFactors",
    "SigningIn",
    "SteppingUp",
]
