"""A cookie travels with requests that other sites cause; so what changes something must come from our pages (D-42).

The browser says so itself: `Sec-Fetch-Site` (Fetch Metadata) or, in older ones, `Origin`. Pages cannot set either header. Whoever
is no browser uses a bearer token.
"""

from collections.abc import Collection, Iterable
from typing import ClassVar

from .. import context
from ..errors import Forbidden
from ..observability import security_events

SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS"))


class CrossSite(Forbidden):
    """A request with a cookie came from another site, or does not say where it came from."""

    code: ClassVar[str] = "auth.cross_site"
    message: ClassVar[str] = "A request with a cookie must come from a page of this site. Use a bearer token elsewhere."


def refuse_cross_site(headers: Iterable[tuple[bytes, bytes]], origins: Collection[bytes]) -> None:
    """Raise CrossSite unless the request comes from our own origin or one of `origins`."""
    found = dict(headers)
    if found.get(b"sec-fetch-site") == b"same-origin" or found.get(b"origin") in origins:
        return
    here = context.current()
    security_events.suspicious_activity(None, "cross_site_request", ip=here.address, method=here.method, path=here.path)
    raise CrossSite()
