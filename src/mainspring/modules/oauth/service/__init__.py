"""The rules of the provider."""

from .clients import ClientService
from .consents import ConsentService
from .devices import DeviceService
from .grants import GrantService
from .pushed import PushedService
from .requests import RequestService

__all__ = ["ClientService", "ConsentService", "DeviceService", "GrantService", "PushedService", "RequestService"]
