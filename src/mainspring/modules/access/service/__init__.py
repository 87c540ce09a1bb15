"""The rules of access: roles, who holds them, grants, and what all that adds up to."""

from .assigning import AssignmentService
from .catalogue import catalogue_page
from .explaining import ExplainingService
from .granting import GrantService
from .holdings import Holdings, all_permissions
from .powers import Powers, Protection
from .roles import RoleService

__all__ = [
    "AssignmentService",
    "ExplainingService",
    "GrantService",
    "Holdings",
    "Powers",
    "Protection",
    "RoleService",
    "all_permissions",
    "catalogue_page",
]
