"""Who may do what with other people's accounts. One's own needs no permission."""

from typing import Annotated

from mainspring.core.security.guard import own_or, require, require_role
from mainspring.core.security.permission import Permission
from mainspring.core.security.principal import Principal

READ = Permission("users:read", "See other users", roles=("moderator",))
CREATE = Permission("users:create", "Create users and choose their roles")
UPDATE = Permission("users:update", "Change other users, disable and enable them")
DELETE = Permission("users:delete", "Delete other users")
RESTORE = Permission("users:restore", "Bring deleted users back")

UserReader = Annotated[Principal, require(READ)]
UserCreator = Annotated[Principal, require(CREATE)]
UserSeer = Annotated[Principal, own_or(READ, UPDATE, DELETE)]
UserChanger = Annotated[Principal, own_or(UPDATE)]
UserRemover = Annotated[Principal, own_or(DELETE)]
UserRestorer = Annotated[Principal, require(RESTORE)]
Administrator = Annotated[Principal, require_role("admin")]
