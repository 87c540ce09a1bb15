"""Who may handle the keys of others. One's own need no permission, and no key handles keys."""

from typing import Annotated

from mainspring.core.security.guard import require
from mainspring.core.security.permission import Permission
from mainspring.core.security.principal import Principal

MANAGE = Permission("api-keys:manage", "Make service accounts, handle their API keys, and revoke everybody's")

KeyManager = Annotated[Principal, require(MANAGE, people_only=True)]
