"""Keys of the cache: no two calls that differ share one (R-234)."""

import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr

from mainspring.core.cache.keys import LONGEST, key_of, text_of
from mainspring.core.security.principal import Principal


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Place:
    x: int
    y: str | None = None


class Query(BaseModel):
    x: int
    y: str | None = None


DIFFERENT = [
    None,
    "",
    "None",
    0,
    False,
    0.0,
    "0",
    1,
    True,
    1.0,
    "1",
    b"1",
    Decimal("1"),
    Decimal("1.0"),
    [],
    (),
    {},
    set(),
    [1],
    (1,),
    [[1]],
    ["1"],
    ["1,2"],
    ["1", "2"],
    [1, 2],
    {"a": 1},
    {"a": "1"},
    {1, 2},
    "red",
    Colour.RED,
    Place(1),
    Place(1, "None"),
    Query(x=1),
    Query(x=1, y="None"),
    date(2026, 1, 1),
    datetime(2026, 1, 1, tzinfo=UTC),
    datetime(2026, 1, 1),
    timedelta(1),
    uuid.UUID(int=1),
    str(uuid.UUID(int=1)),
]


def test_values_that_differ_have_different_texts() -> None:
    same = [(one, other) for one, other in combinations(DIFFERENT, 2) if text_of(one) == text_of(other)]

    assert same == []


def test_the_order_of_a_set_or_a_dictionary_does_not_count() -> None:
    assert text_of({"a": 1, "b": 2}) == text_of({"b": 2, "a": 1})
    assert text_of({"x", "y", "z"}) == text_of({"z", "x", "y"})


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.binary(max_size=4),
    lambda held: st.lists(held, max_size=3) | st.tuples(held, held) | st.dictionaries(st.text(max_size=3), held, max_size=3),
    max_leaves=6,
)


def exactly(value: object) -> object:
    """The value with its types, since 1 == True."""
    if isinstance(value, dict):
        return {name: exactly(held) for name, held in value.items()}
    if isinstance(value, list | tuple):
        return type(value), [exactly(held) for held in value]
    return type(value), value


@given(st.lists(plain, max_size=3), st.lists(plain, max_size=3))
def test_two_calls_share_a_key_only_when_they_are_the_same(one: list[object], other: list[object]) -> None:
    assert (key_of("f", one) == key_of("f", other)) == (exactly(one) == exactly(other))


def test_a_long_key_is_shortened_and_stays_different() -> None:
    keys = {key_of("f", ["x" * 300 + str(number)]) for number in range(50)}

    assert len(keys) == 50
    assert all(len(key) <= LONGEST and key.startswith("f#") for key in keys)


def test_what_has_no_text_of_its_own_is_refused() -> None:
    someone = Principal(
        uuid.UUID(int=1), "ada@example.com", frozenset(), frozenset(), uuid.UUID(int=2), "t", datetime(2026, 1, 1, tzinfo=UTC)
    )
    for value in (object(), someone, SecretStr("secret"), [object()]):
        with pytest.raises(TypeError, match="cannot be part of a key"):
            key_of("f", [value])
