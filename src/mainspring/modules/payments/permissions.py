"""Who may see other people's payments. One's own need no permission."""

from typing import Annotated

from mainspring.core.security.guard import own_or
from mainspring.core.security.permission import Permission
from mainspring.core.security.principal import Principal

READ = Permission("payments:read", "See the payments of others")

PaymentSeer = Annotated[Principal, own_or(READ)]
