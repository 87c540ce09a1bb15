"""The two routers that every route of the provider hangs on."""

from mainspring.core.http import Router
from mainspring.core.security.guard import public

router = Router(tags=["oauth"])
root_router = Router(root=True, tags=["oauth"], dependencies=[public])
