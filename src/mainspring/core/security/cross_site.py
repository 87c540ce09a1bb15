"""A browser sends cookies to us for any page it shows. A change that another site asks for is refused (D-42, ASVS 3.5.1).

This looks at Fetch Metadata, or at `Origin` where a browser sends none. Other credentials are put down by the program that
asks, so no other site can send them.
"""

from collections.abc import Iterable
from urllib.parse import urlsplit

READING = frozenset(("GET", "HEAD", "OPTIONS"))
OURS = frozenset((b"same-origin", b"same-site", b"none"))


def is_cross_site(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a browser says that another site asks. Programs that are no browsers say nothing, and are believed."""
    sent = dict(headers)
    site = sent.get(b"sec-fetch-site")
    if site is not None:
        return site not in OURS
    origin = sent.get(b"origin")
    return origin is not None and _host(origin) != _host(b"//" + sent.get(b"host", b""))


def _host(address: bytes) -> str | None:
    try:
        return urlsplit(address.decode("latin-1")).hostname
    except ValueError:  # an unclosed bracket
        return None
