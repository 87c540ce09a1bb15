"""Signatures with a time, as payment gateways put them on webhooks: `t=<seconds>,v1=<HMAC-SHA-256 of "t.body">`.

The time is signed, so an old message cannot be shown again as a new one. Several `v1` may stand there while a secret changes.
"""

import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256

MOST_PARTS = 20


def signed(body: bytes, secret: bytes, moment: datetime) -> str:
    """The header that proves the body."""
    seconds = int(moment.timestamp())
    return f"t={seconds},v1={_digest(body, secret, seconds)}"


def is_signed(header: str | None, body: bytes, secrets: Sequence[bytes], moment: datetime, tolerance: timedelta) -> bool:
    """Whether one of the secrets signed this body, not longer than `tolerance` ago (nor ahead)."""
    parts = [part.strip().partition("=") for part in (header or "").split(",", MOST_PARTS)]
    times = [value for name, _, value in parts if name == "t"]
    if len(times) != 1 or not (times[0].isascii() and times[0].isdigit() and len(times[0]) < 12):
        return False
    seconds = int(times[0])
    expected = [_digest(body, secret, seconds) for secret in secrets]
    given = [value for name, _, value in parts if name == "v1" and value.isascii()]
    fits = any(hmac.compare_digest(one, other) for one in given for other in expected)
    return fits and abs(moment.timestamp() - seconds) <= tolerance.total_seconds()


def _digest(body: bytes, secret: bytes, seconds: int) -> str:
    return hmac.new(secret, b"%d.%b" % (seconds, body), sha256).hexdigest()
