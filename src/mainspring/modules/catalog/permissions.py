"""Who may do what with products."""

from typing import Annotated

from mainspring.core.security.guard import require
from mainspring.core.security.permission import Permission
from mainspring.core.security.principal import Principal

READ = Permission("products:read", "Read products", roles=("moderator", "user", "guest"))
CREATE = Permission("products:create", "Create products", roles=("moderator",))
UPDATE = Permission("products:update", "Change products and their stock", roles=("moderator",))
DELETE = Permission("products:delete", "Delete products")

Reader = Annotated[Principal, require(READ)]
Creator = Annotated[Principal, require(CREATE)]
Editor = Annotated[Principal, require(UPDATE)]
Deleter = Annotated[Principal, require(DELETE)]
