"""The provider: clients and consents over REST, everything that OAuth names at the root."""

from . import authorize, clients, consents, device, discovery, logout, pushing, sign_in, tokens
from .router import root_router, router

__all__ = [
    "authorize",
    "clients",
    "consents",
    "device",
    "discovery",
    "logout",
    "pushing",
    "root_router",
    "router",
    "sign_in",
    "tokens",
]
