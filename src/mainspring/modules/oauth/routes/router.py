"""The two routers that every route of the provider hangs on."""

from mainspring.core.http import Router
from mainspring.core.security.guard import public

router = Router(tags=["oauth"], never_stored=True)
root_router = Router(root=True, tags=["oauth"], dependencies=[public], never_stored=True)
