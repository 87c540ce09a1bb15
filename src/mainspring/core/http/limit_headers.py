"""What an answer tells about limits: `RateLimit-Policy` and `RateLimit` of the IETF draft, older ones by setting (R-167)."""

import math
from collections.abc import Collection
from time import time

from ..limits.budgets import Standing
from ..limits.limiter import Policy

POLICY, LEFT = b"ratelimit-policy", b"ratelimit"
OLDER = {
    "draft-6": (b"ratelimit-limit", b"ratelimit-remaining", b"ratelimit-reset"),
    "x-ratelimit": (b"x-ratelimit-limit", b"x-ratelimit-remaining", b"x-ratelimit-reset"),
}


def tell(
    headers: dict[bytes, bytes], older: Collection[str], policy: Policy, standing: Standing | None, seconds: float = 0.0
) -> None:
    """Add what is left of a budget, or that nothing is for so many seconds. Older headers tell of the tightest one only."""
    if standing is None:
        left, reset = 0, max(1, math.ceil(seconds))
    else:
        left = standing.left + standing.free
        reset = int(standing.renews_at - time()) + 1
        if not 0 < reset < policy.window:
            reset = 1 if reset < 1 else policy.window
    item = b"%b;r=%d;t=%d" % (policy.label, left, reset)
    if LEFT not in headers:
        headers[POLICY], headers[LEFT] = policy.header, item
    else:
        headers[POLICY] += b", " + policy.header
        headers[LEFT] += b", " + item
    for name in older:
        limit, remaining, renewed = OLDER[name]
        if remaining not in headers or left < int(headers[remaining]):
            headers[limit], headers[remaining], headers[renewed] = b"%d" % policy.quota.count, b"%d" % left, b"%d" % reset
