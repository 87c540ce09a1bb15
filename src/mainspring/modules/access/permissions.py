"""Who may see and change what others may do."""

from typing import Annotated

from mainspring.core.security.guard import own_or, require
from mainspring.core.security.permission import Permission
from mainspring.core.security.principal import Principal

READ_ROLES = Permission("roles:read", "See roles, permissions and who holds them")
MANAGE_ROLES = Permission("roles:manage", "Create, change and delete roles")
ASSIGN_ROLES = Permission("roles:assign", "Give roles to users and take them back")
MANAGE_GRANTS = Permission("grants:manage", "Give single permissions to users and take them back")
EXPLAIN = Permission("access:explain", "Ask why others may or may not do something")

RoleReader = Annotated[Principal, require(READ_ROLES)]
RoleManager = Annotated[Principal, require(MANAGE_ROLES)]
RoleAssigner = Annotated[Principal, require(ASSIGN_ROLES)]
Explainer = Annotated[Principal, own_or(EXPLAIN)]
GrantManager = Annotated[Principal, require(MANAGE_GRANTS)]
