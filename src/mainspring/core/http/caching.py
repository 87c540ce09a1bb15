"""`Cache-Control` and `Vary`: what browsers and caches on the way may keep (R-238, RFC 9111).

Nobody keeps anything unless the route says so: every answer carries `no-store`, refusals always.
"""

from collections.abc import Callable, Iterable
from datetime import timedelta
from hashlib import blake2b
from typing import Any

from fastapi import Depends
from starlette.responses import Response

from ..context import Context
from .conditional import is_unchanged

NO_STORE = b"no-store"
CREDENTIALS = b"Authorization, Cookie, X-API-Key, X-Access-Token"  # what an answer to somebody depends on (API.md)
YEAR = timedelta(days=365)


class CacheControl:
    """What a route lets others keep. `is_shared` says that caches on the way may keep it for everybody."""

    def __init__(self, max_age: timedelta, *, shared: bool, immutable: bool = False) -> None:
        self.is_shared = shared
        seconds = int(max_age.total_seconds())
        words = ["public" if shared else "private", f"max-age={seconds}" if seconds else "no-cache"]
        self.text = ", ".join([*words, "immutable"] if immutable else words)

    async def __call__(self) -> None:
        """The route's plan puts the headers down."""


def cache_control(max_age: float | timedelta = 0, *, shared: bool = False) -> Any:  # Any: like Depends() itself
    """`@router.get(..., dependencies=[public, cache_control(300, shared=True)])`: how long answers may be kept, in seconds.

    With 0 they are kept, and asked for again each time with their ETag. Without `shared` only the caller's own browser keeps
    them. With it the route must be public and must not ask who the visitor is, or the boot is refused.
    """
    return Depends(CacheControl(_duration(max_age), shared=shared))


def cache_control_of(call: Callable[..., Any] | None) -> CacheControl | None:
    """What a dependency's callable lets others keep, if it says that."""
    return call if isinstance(call, CacheControl) else None


def last_cache_control(calls: Iterable[Callable[..., Any] | None]) -> CacheControl | None:
    """What the last of these callables lets others keep: routes come behind their routers."""
    found = [kept for call in calls if (kept := cache_control_of(call)) is not None]
    return found[-1] if found else None


def file_answer(context: Context, content: bytes, media_type: str, *, forever: bool = False) -> Response:
    """A file for everybody, with its ETag; 304 when the caller has it. `forever` for a name that changes with the content."""
    tag = f'"{fingerprint(content)}"'
    kept = CacheControl(YEAR if forever else timedelta(0), shared=True, immutable=forever)
    headers = {"cache-control": kept.text, "etag": tag}
    known = context.header(b"if-none-match")
    if known is not None and is_unchanged(known.encode("latin-1"), tag.encode()):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=media_type)


def fingerprint(content: bytes) -> str:
    """A short text that changes with the content."""
    return blake2b(content, digest_size=8).hexdigest()


def _duration(value: float | timedelta) -> timedelta:
    return value if isinstance(value, timedelta) else timedelta(seconds=value)
