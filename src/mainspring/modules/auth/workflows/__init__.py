"""Deeds that hash or sign between units of work, so that no transaction waits for a processor."""

from .changing_password import ChangingPassword
from .refreshing import Refreshing
from .registering import Registering
from .signing_in import SigningIn

__all__ = ["ChangingPassword", "Refreshing", "Registering", "SigningIn"]
