"""The questions to the database about clients, consents, codes, grants, pushed requests and devices."""

from .clients import CLIENTS, CONSENTS, ClientRepository, ConsentRepository
from .devices import DeviceRepository
from .grants import CodeRepository, GrantRepository
from .pushed import PushedRepository

__all__ = [
    "CLIENTS",
    "CONSENTS",
    "ClientRepository",
    "CodeRepository",
    "ConsentRepository",
    "DeviceRepository",
    "GrantRepository",
    "PushedRepository",
]
