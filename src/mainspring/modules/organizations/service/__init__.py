"""The rules of organizations, one file per deed."""

from .invitations import InvitationService, Letter
from .members import MemberService
from .organizations import OrganizationService

__all__ = ["InvitationService", "Letter", "MemberService", "OrganizationService"]
