"""Conditional requests: `ETag`, `If-None-Match`, `If-Match` (RFC 9110 13, API.md).

The tag of a single resource is `"<version>-<hash of the answer>"`, or the hash alone where there is no version. A route that
takes `expected: IfMatch` hands the version to the statement that writes (`... AND version = :version`), which is the surest way.
For other routes with a GET beside them the plan compares the tag of what GET answers now, inside the same transaction.
"""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Annotated, Any

from fastapi import Depends, Request

from ..errors import Malformed, PreconditionFailed
from .exchange import Exchange, of

LONGEST = 1024  # bytes of a header with tags; ours have up to 40


def refuse_long_tags(received: Mapping[bytes, bytes]) -> None:
    """Raise Malformed when `If-Match` or `If-None-Match` is longer than the contract says."""
    for name in (b"if-match", b"if-none-match"):
        if len(received.get(name, b"")) > LONGEST:
            raise Malformed(f"{name.decode().title()} must be at most {LONGEST} bytes.")


def etag_of(answer: Any, content: bytes) -> bytes:  # Any: whatever a route answers
    """The strong tag of an answer."""
    digest = blake2b(content, digest_size=8).hexdigest()
    version = getattr(answer, "version", None)
    return f'"{version}-{digest}"'.encode() if isinstance(version, int) else f'"{digest}"'.encode()


def is_unchanged(sent: bytes, tag: bytes) -> bool:
    """Whether `If-None-Match` names the tag; the comparison is weak (RFC 9110 13.1.2)."""
    return sent.strip() == b"*" or tag in (part.removeprefix(b"W/") for part in _tags(sent))


def is_expected(sent: bytes, tag: bytes) -> bool:
    """Whether `If-Match` names the tag; the comparison is strong, so weak tags never match (RFC 9110 13.1.1)."""
    return sent.strip() == b"*" or tag in _tags(sent)


def version_expected(exchange: Exchange) -> int | None:
    """The version that `If-Match` names; None without the header or for `*`. Raises PreconditionFailed for a tag without one."""
    sent = exchange.received.get(b"if-match")
    if sent is None or sent.strip() == b"*":
        return None
    tags = _tags(sent)
    version = tags[0].strip(b'"').partition(b"-")[0] if len(tags) == 1 and tags[0].startswith(b'"') else b""
    if not version.isdigit() or len(version) > 18:
        raise PreconditionFailed()
    return int(version)


async def if_match(request: Request) -> int | None:
    """The dependency behind `IfMatch`."""
    return version_expected(of(request.scope))


IfMatch = Annotated[int | None, Depends(if_match)]
"""The version the caller has seen; None when it does not say. A write that finds another one raises PreconditionFailed."""


def _tags(sent: bytes) -> list[bytes]:
    return [part.strip() for part in sent.split(b",") if part.strip()]
