"""The rules of access: roles, who holds them, grants, and what all that adds up to."""

from .assigning import AssignmentService
from .catalogue import catalogue_page
from .explaining import ExplainingService
from .granting import GrantService
from .holdings import Holdings, all_permissions
from .powers import Powers, Protection
from .role_files import RoleChange, RoleFiles, RolePlan
from .roles import RoleService

__all__ = [
    "AssignmentService",
    "ExplainingService",
    "GrantService",
    "Holdings",
    "Powers",
    "Protection",
    "RoleChange",
    "RoleFiles",
    "RolePlan",
    "RoleService",
    "all_permissions",
    "catalogue_page",
]
