"""Redirect URIs: which may be registered, and which of them a request names (RFC 9700 2.1, RFC 8252 7.3)."""

import re
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

LONGEST = 500
PRINTABLE = re.compile(r"[!-~]+")
ODD = frozenset("\\*<>\"'`{}|^")
LOOPBACK = frozenset({"127.0.0.1", "::1"})
LOCAL = LOOPBACK | {"localhost"}


def problem_of(uri: str) -> str | None:
    """Why the address may not be registered; None when it may: https, or http on the machine of the user himself."""
    parts = _split(uri)
    if parts is None or len(uri) > LONGEST or not PRINTABLE.fullmatch(uri) or not ODD.isdisjoint(uri):
        return "This is no address that can be registered"
    if "#" in uri or "@" in parts.netloc:
        return "A redirect URI has neither a fragment nor a user"
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOCAL):
        return None
    return "A redirect URI begins with https://, or with http:// and the user's own machine"


def is_registered(uri: str, registered: Iterable[str]) -> bool:
    """Whether the address is one of these, letter by letter; on the loopback address any port is (RFC 8252 7.3)."""
    return any(uri == one or (_is_loopback(one) and _without_port(uri) == _without_port(one)) for one in registered)


def origin_of(uri: str) -> str:
    """Scheme, host and port of a registered address, as a content policy names them."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}"


def _is_loopback(uri: str) -> bool:
    parts = _split(uri)
    return parts is not None and parts.scheme == "http" and parts.hostname in LOOPBACK


def _without_port(uri: str) -> str | None:
    """The address with any port left out; None for one that could not be registered, so that nothing hides in it."""
    parts = _split(uri)
    if parts is None or problem_of(uri) is not None or parts.hostname is None:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = "" if parts.port is None else f":{parts.port}"
    return uri.replace(f"//{host}{port}", f"//{host}", 1)


def _split(uri: str) -> SplitResult | None:
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.hostname else None
