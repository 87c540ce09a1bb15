"""Who may look after the jobs of others. One's own need no permission."""

from typing import Annotated

from mainspring.core.security.guard import own_or
from mainspring.core.security.permission import Permission
from mainspring.core.security.principal import Principal

READ = Permission("jobs:read", "See every job with its order")
MANAGE = Permission("jobs:manage", "Run dead jobs again and cancel any job")

JobSeer = Annotated[Principal, own_or(READ, MANAGE)]
JobSteerer = Annotated[Principal, own_or(MANAGE)]
