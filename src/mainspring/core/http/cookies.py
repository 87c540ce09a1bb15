"""Cookies, in and out (R-120, RFC 6265)."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

_REFUSED = frozenset(' ",;\\\x7f') | {chr(code) for code in range(32)}


def cookies_of(header: bytes | None) -> dict[str, str]:
    """The cookies of a `Cookie` header; the first of two with the same name counts, as browsers send the closest path first."""
    if not header:
        return {}
    found: dict[str, str] = {}
    for pair in header.decode("latin-1").split(";"):
        name, separator, value = pair.strip().partition("=")
        if separator and name not in found:
            found[name] = value.strip('"') if len(value) > 1 and value[0] == value[-1] == '"' else value
    return found


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie to set. Raises ValueError when rendered with a character that would end it."""

    name: str
    value: str
    max_age: timedelta | None = None
    path: str = "/"
    secure: bool = True
    http_only: bool = True
    same_site: Literal["strict", "lax", "none"] = "lax"

    @classmethod
    def gone(cls, name: str, *, path: str = "/", secure: bool = True) -> "Cookie":
        """The cookie that removes the one of this name and path."""
        return cls(name, "", timedelta(0), path, secure)

    def render(self) -> bytes:
        """The value of the `Set-Cookie` header."""
        if not self.name or not _REFUSED.isdisjoint(self.name + self.value + self.path):
            raise ValueError(f"the cookie {self.name!r} holds a character that cookies may not hold")
        parts = [f"{self.name}={self.value}", f"Path={self.path}", f"SameSite={self.same_site.capitalize()}"]
        if self.max_age is not None:
            parts.append(f"Max-Age={int(self.max_age.total_seconds())}")
        if self.secure:
            parts.append("Secure")
        if self.http_only:
            parts.append("HttpOnly")
        return "; ".join(parts).encode("latin-1")
