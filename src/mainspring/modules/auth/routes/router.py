"""The router that every route of auth hangs on."""

from mainspring.core.http import Router

router = Router(tags=["auth"], never_stored=True)
