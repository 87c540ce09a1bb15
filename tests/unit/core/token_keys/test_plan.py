"""Which key signs when: the rules alone (R-066, D-02)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from mainspring.core.token_keys.plan import AHEAD, KEPT, KeptKey, Plan

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def key(generation: int, signs_from: datetime, **more) -> KeptKey:
    made = KeptKey(generation, f"key {generation}", "EdDSA", "public", "sealed", NOW - DAY, signs_from, None, leaked=False)
    return replace(made, **more)


def states(now: datetime, *keys: KeptKey) -> list[str]:
    plan = Plan(sorted(keys, key=lambda key: -key.generation), now)
    return [plan.state(key) for key in plan.keys]


def test_a_new_key_is_published_before_it_signs_and_the_old_one_until_its_tokens_have_ended():
    old, new = key(1, NOW - DAY), key(2, NOW + AHEAD)

    assert states(NOW, old, new) == ["next", "signs"]
    assert states(NOW + AHEAD - timedelta(seconds=1), old, new) == ["next", "signs"]
    assert states(NOW + AHEAD, old, new) == ["signs", "verifies"]
    assert states(NOW + AHEAD + KEPT - timedelta(seconds=1), old, new) == ["signs", "verifies"]
    assert states(NOW + AHEAD + KEPT, old, new) == ["signs", "ended"]


def test_the_time_between_is_longer_than_any_token_and_any_copy_of_the_set():
    assert timedelta(minutes=5) < AHEAD
    assert timedelta(minutes=60) < KEPT


def test_a_key_is_replaced_by_the_first_one_after_it():
    first, second, third = key(1, NOW - 3 * KEPT), key(2, NOW - 2 * KEPT), key(3, NOW - KEPT / 2)

    assert states(NOW, first, second, third) == ["signs", "verifies", "ended"]


def test_one_that_was_retired_while_it_waited_replaced_nothing():
    old, new = key(1, NOW - DAY), key(2, NOW + AHEAD, ended_at=NOW)

    assert states(NOW + 2 * AHEAD + KEPT, old, new) == ["ended", "signs"]
    assert Plan([new, old], NOW).next is None


def test_one_that_was_retired_after_it_signed_did():
    old, gone, new = key(1, NOW - DAY), key(2, NOW - AHEAD, ended_at=NOW), key(3, NOW)

    plan = Plan([new, gone, old], NOW)

    assert plan.published == [new, old]
    assert plan.until(old) == NOW - AHEAD + KEPT
