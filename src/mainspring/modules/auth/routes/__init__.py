"""Accounts, signing in, second factors and sessions over REST."""

from . import accounts, signing_in
from .router import router

__all__ = ["accounts", "router", "signing_in"]
