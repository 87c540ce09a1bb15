"""Service accounts: users without a password, who come in with API keys alone."""

import re
import unicodedata

from mainspring.core import ids
from mainspring.core.database import Page, Slice, UnitOfWork
from mainspring.core.security.principal import Principal
from mainspring.modules.access.service import AssignmentService
from mainspring.modules.users.rows import SERVICE, Profile, UserRow
from mainspring.modules.users.schemas import UserQuery
from mainspring.modules.users.service import NewUser, UserService

from ..schemas import CreateServiceAccount, ServiceAccountQuery

DOMAIN = "service.example"  # RFC 2606: no mail ever arrives there, so no reset link lets anybody in
LONGEST_SLUG = 40


class ServiceAccounts:
    """Makes and lists them. Roles, status and deletion are those of every user."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.users = UserService(uow)

    async def create(self, caller: Principal | None, wish: CreateServiceAccount) -> Profile:
        """A new one with its first roles. Raises RoleNotFound, BeyondOwnAccess, AdministratorProtected."""
        user = await self.users.create(NewUser(_address(wish.name), wish.name, kind=SERVICE))
        await AssignmentService(self.uow).welcome(caller, user.id, wish.roles)
        return await self.users.profile(user)

    async def find(self, query: ServiceAccountQuery) -> tuple[Page[UserRow] | Slice[UserRow], list[Profile]]:
        """Those that a query asks for, with their roles."""
        asked = {name: getattr(query, name) for name in query.model_fields_set}
        return await self.users.find(UserQuery(**asked, kind=SERVICE))


def _address(name: str) -> str:
    """An address that tells people which account it is, and that nobody can guess or own."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain)[:LONGEST_SLUG].strip("-") or "account"
    return f"{slug}-{ids.secret(4)}@{DOMAIN}"
