"""What is kept comes back as the same type, and is never code."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, NamedTuple

import pytest
from pydantic import BaseModel, Field

from mainspring.core.cache.values import CannotKeep, Kept
from mainspring.core.database import Page, Slice


class Colour(Enum):
    RED = 1


@dataclass(frozen=True, slots=True)
class Row:
    id: uuid.UUID
    name: str
    price: Decimal
    at: datetime
    tags: tuple[str, ...] = ()


@dataclass
class Box:
    held: list[int] = field(default_factory=list)


class Out(BaseModel):
    user_id: int = Field(alias="userId")
    colour: Colour


class Point(NamedTuple):
    x: int
    y: int


ROW = Row(uuid.UUID(int=1), "näme \0", Decimal("1.10"), datetime(2026, 1, 1, tzinfo=UTC), ("a", "b"))
GOOD: list[tuple[Any, Any]] = [
    (None, None),
    (int, 0),
    (bool, False),
    (str, ""),
    (float, 1.5),
    (bytes, b"abc"),
    (int | None, None),
    (list[int], []),
    (dict[str, list[int]], {"a": [1]}),
    (tuple[int, str], (1, "a")),
    (set[int], {1, 2}),
    (frozenset[str], frozenset({"a"})),
    (Row, ROW),
    (Row | None, ROW),
    (Sequence[Row], [ROW]),
    (dict[uuid.UUID, Row], {ROW.id: ROW}),
    (Page[Row], Page([ROW], 1, 20, 1)),
    (Page[Row] | Slice[Row], Slice([ROW], 20, "-name", None, None)),
    (Box, Box([1])),
    (Out, Out(userId=1, colour=Colour.RED)),
    (Point, Point(1, 2)),
    (timedelta, timedelta(seconds=1.25)),
    (Colour, Colour.RED),
]


@pytest.mark.parametrize(("of", "value"), GOOD, ids=[str(of) for of, _ in GOOD])
def test_it_comes_back_as_it_was(of: Any, value: Any) -> None:
    kept: Kept[Any] = Kept(of)

    back = kept.decode(kept.encode(value))

    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize(
    ("of", "value"), [(float, float("nan")), (Sequence[int], (1, 2)), (Box, ROW), (bytes, b"\xff"), (int, "1"), (Any, (1,))]
)
def test_what_would_come_back_as_something_else_is_not_kept(of: Any, value: Any) -> None:
    with pytest.raises(CannotKeep):
        Kept(of).encode(value)


def test_json_of_another_shape_is_refused_and_the_value_not_told() -> None:
    with pytest.raises(CannotKeep) as refused:
        Kept(Row).decode(b'{"id": "secret"}')

    assert "secret" not in str(refused.value)


def test_a_type_that_is_no_data_is_refused() -> None:
    with pytest.raises(TypeError, match="cannot be kept"):
        Kept(object.__new__(type("Odd", (), {})).__class__)


def test_only_what_nobody_can_change_is_shared() -> None:
    fixed = [Row, Row | None, tuple[Row, ...], int, Colour]
    loose = [Box, list[int], dict[str, int], Page[Row], Out, Any, tuple[list[int], int]]

    assert [Kept(of).is_fixed for of in fixed] == [True] * len(fixed)
    assert [Kept(of).is_fixed for of in loose] == [False] * len(loose)


def test_another_field_makes_another_shape() -> None:
    @dataclass
    class First:
        a: int

    @dataclass
    class Second:
        a: int
        b: int = 0

    Second.__name__ = Second.__qualname__ = "First"
    assert Kept(First).shape != Kept(Second).shape
    assert Kept(First).shape == Kept(First).shape
