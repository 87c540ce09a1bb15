"""The rules of social."""

from .arriving import ArrivalService
from .attempts import AttemptService, Secrets, Wish
from .directory import Directory
from .handovers import HandoverService
from .links import LinkedWaysIn, LinkService
from .sign_ins import SignInService

__all__ = [
    "ArrivalService",
    "AttemptService",
    "Directory",
    "HandoverService",
    "LinkService",
    "LinkedWaysIn",
    "Secrets",
    "SignInService",
    "Wish",
]
