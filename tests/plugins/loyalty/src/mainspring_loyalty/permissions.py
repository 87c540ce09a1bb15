"""Who may see and give points."""

from typing import Annotated

from mainspring.core.security.guard import require
from mainspring.core.security.permission import Permission
from mainspring.core.security.principal import Principal

Member = Annotated[Principal, require(Permission("loyalty:read", "Read one's own points", roles=("user",)))]
Giver = Annotated[Principal, require(Permission("loyalty:award", "Give points to a user"))]
