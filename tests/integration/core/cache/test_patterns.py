"""Patterns of keys find in memory what they find in Redis."""

import secrets

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis import Redis

from mainspring.core.cache.patterns import literal, pattern_of

TABLE = [
    ("*", "", True),
    ("a*c", "abbbc", True),
    ("a*c", "abd", False),
    ("a?c", "abc", True),
    ("a?c", "ac", False),
    ("a[bc]d", "abd", True),
    ("a[^bc]d", "abd", False),
    ("a[b-d]e", "ace", True),
    (r"a\*", "a*", True),
    (r"a\*", "ab", False),
    ("a.c", "abc", False),
    ("f(*", "f(1,2)", True),
    ("a*", "a\nb", True),
]


@pytest.mark.parametrize(("pattern", "key", "fits"), TABLE)
def test_a_pattern_finds(pattern: str, key: str, fits: bool) -> None:
    assert bool(pattern_of(pattern).fullmatch(key)) is fits


@settings(max_examples=60, deadline=None)
@given(st.text(r"ab*?\(", max_size=6), st.text(r"ab*?\(", min_size=1, max_size=4))
def test_redis_finds_the_same(redis_url: str, pattern: str, key: str) -> None:
    with Redis.from_url(redis_url) as redis:
        prefix = f"test:{secrets.token_hex(6)}:"
        redis.set(f"{prefix}{key}", 1, ex=30)
        found = [name.decode() for name in redis.scan_iter(match=f"{prefix}{pattern}", count=1000)]

    assert bool(pattern_of(prefix + pattern).fullmatch(prefix + key)) is bool(found)


@given(st.text(max_size=10))
def test_a_literal_finds_itself_alone(text: str) -> None:
    assert pattern_of(literal(text)).fullmatch(text)
    assert not pattern_of(literal(text)).fullmatch(text + "x")
