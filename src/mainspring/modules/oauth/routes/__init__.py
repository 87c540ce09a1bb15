"""The provider: clients and consents over REST, everything that OAuth names at the root."""

from . import authorize, clients, consents, discovery, tokens
from .router import root_router, router

__all__ = ["authorize", "clients", "consents", "discovery", "root_router", "router", "tokens"]
