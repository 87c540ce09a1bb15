"""The cookies of a session (R-084, RFC 6265): the access token everywhere, refresh and device token to `/api/v1/auth` only.

Scripts cannot read them. In production their names make the browser itself refuse one that came without TLS, and for the access
token one that a neighbouring host planted (`__Host-`); so does `credential` for a name that comes twice.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Self

from ..settings import Settings
from .refusals import TokenInvalid

REFRESH_PATH = "/api/v1/auth"


@dataclass(frozen=True, slots=True)
class SessionCookies:
    """What the cookies are called, and how they are set."""

    access: str = "accessToken"
    refresh: str = "refreshToken"
    device: str = "deviceToken"
    is_secure: bool = False
    same_site: Literal["lax", "strict"] = "lax"

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Those of this installation."""
        if not settings.is_production:
            return cls(same_site=settings.cookie_same_site)
        return cls("__Host-accessToken", "__Secure-refreshToken", "__Secure-deviceToken", True, settings.cookie_same_site)


def only_cookie(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> bytes | None:
    """The one cookie of that name in the headers of a request; None when there is none. Raises TokenInvalid for two."""
    cookies = b"; ".join(value for header, value in headers if header == b"cookie")  # HTTP/2 may split it (RFC 9113 8.2.3)
    return in_cookies(cookies, name)


def in_cookies(cookies: bytes, name: bytes) -> bytes | None:
    """The same, in the value of a `Cookie` header."""
    if name not in cookies:
        return None
    found = None
    for pair in cookies.split(b";"):
        key, separator, value = pair.partition(b"=")
        if separator and key.strip(b" \t") == name:
            if found is not None:  # a second one may have been planted by a neighbouring host
                raise TokenInvalid
            found = value.strip(b" \t")
    return found
