"""Who may read the trail."""

from typing import Annotated

from mainspring.core.security.guard import require
from mainspring.core.security.permission import Permission
from mainspring.core.security.principal import Principal

READ = Permission("audit:read", "Read the trail of changes")

AuditReader = Annotated[Principal, require(READ)]
