"""Accounts, signing in, second factors and sessions over REST."""

from . import accounts, passkeys, second_factors, signing_in
from .router import router

__all__ = ["accounts", "passkeys", "router", "second_factors", "signing_in"]
