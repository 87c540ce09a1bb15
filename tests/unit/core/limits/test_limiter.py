"""What is counted by hand, and the knocking at doors that always answer alike (D-11, D-25)."""

import pytest

from mainspring.core.errors import TooManyRequests
from mainspring.core.limits.limiter import Limiter, Policy
from mainspring.core.limits.memory import MemoryLender
from mainspring.core.limits.networks import network_of
from mainspring.core.limits.tries import TryLimit
from mainspring.core.settings.quota import Quota

LETTERS = Policy("letters", Quota(3, 60))


async def test_deeds_are_counted_apart_by_policy_and_by_whom() -> None:
    limiter = Limiter(MemoryLender())
    for _ in range(3):
        await limiter.count(LETTERS, "ada")

    with pytest.raises(TooManyRequests):
        await limiter.count(LETTERS, "ada")
    for policy, whom in ((LETTERS, "bob"), (Policy("calls", Quota(3, 60)), "ada")):
        standing = await limiter.count(policy, whom)
        assert standing is not None
        assert standing.remaining == 2


async def test_nothing_is_counted_when_limits_are_off() -> None:
    limiter = Limiter(MemoryLender(), enabled=False)

    assert [await limiter.count(LETTERS, "ada") for _ in range(5)] == [None] * 5


async def test_knocking_is_counted_by_door_and_network() -> None:
    tries = TryLimit(Limiter(MemoryLender()), Quota(2, 900))
    for number in range(2):
        await tries.count("auth.mail", f"2001:db8::{number}")

    with pytest.raises(TooManyRequests):
        await tries.count("auth.mail", "2001:db8::9")
    await tries.count("auth.other", "2001:db8::9")
    await tries.count("auth.mail", "203.0.113.7")


def test_a_quota_is_written_as_it_is_read() -> None:
    assert [str(Quota.parse(text)) for text in ("100/15m", "5 / 60s", "1000/60m")] == ["100/15m", "5/1m", "1000/1h"]


def test_what_is_no_address_is_one_network() -> None:
    assert {network_of(None), network_of(""), network_of("unix:"), network_of("1.2.3")} == {"unknown"}
