"""Deeds that hash, sign or mail between units of work, so that no transaction waits for a processor or the world."""

from .changing_email import ChangingEmail
from .changing_password import ChangingPassword
from .proving_mailbox import ProvingMailbox
from .refreshing import Refreshing
from .registering import Registering
from .signing_in import SigningIn

__all__ = ["ChangingEmail", "ChangingPassword", "ProvingMailbox", "Refreshing", "Registering", "SigningIn"]
