"""Accounts, links by mail, signing in, second factors and sessions over REST."""

from . import accounts, archives, impersonation, mailboxes, passkeys, second_factors, signing_in
from .router import router

__all__ = ["accounts", "archives", "impersonation", "mailboxes", "passkeys", "router", "second_factors", "signing_in"]
