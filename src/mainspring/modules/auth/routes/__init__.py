"""Accounts, signing in, second factors and sessions over REST."""

from . import accounts, second_factors, signing_in
from .router import router

__all__ = ["accounts", "router", "second_factors", "signing_in"]
