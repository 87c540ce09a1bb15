"""Accounts, links by mail, signing in, second factors and sessions over REST."""

from . import accounts, archives, mailboxes, passkeys, second_factors, signing_in
from .router import router

__all__ = ["accounts", "archives", "mailboxes", "passkeys", "router", "second_factors", "signing_in"]
