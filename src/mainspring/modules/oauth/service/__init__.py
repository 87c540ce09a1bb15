"""The rules of the provider."""

from .clients import ClientService
from .consents import ConsentService
from .grants import GrantService
from .requests import RequestService

__all__ = ["ClientService", "ConsentService", "GrantService", "RequestService"]
