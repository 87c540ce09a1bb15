"""Who may handle the clients of the provider."""

from typing import Annotated

from mainspring.core.security.guard import require
from mainspring.core.security.permission import Permission
from mainspring.core.security.principal import Principal

MANAGE = Permission("oauth-clients:manage", "Make, see, rotate and delete OAuth clients")

ClientManager = Annotated[Principal, require(MANAGE, people_only=True)]
