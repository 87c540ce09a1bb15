"""The rules of API keys and service accounts."""

from .accounts import ServiceAccounts
from .keys import KeyService

__all__ = ["KeyService", "ServiceAccounts"]
