"""Who may make organizations, and look after those of others. Inside one, the roles of its members decide."""

from typing import Annotated

from mainspring.core.security.guard import own_or, require
from mainspring.core.security.permission import Permission
from mainspring.core.security.principal import Principal

CREATE = Permission("organizations:create", "Make organizations", roles=("moderator", "user"))
MANAGE = Permission("organizations:manage", "See and change every organization as its owners may")

Founder = Annotated[Principal, require(CREATE)]
Member = Annotated[Principal, own_or(MANAGE)]
