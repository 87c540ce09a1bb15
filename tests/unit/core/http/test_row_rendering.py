"""Rows rendered without a model per row say the same as the models (R-301, R-335)."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

import pytest
from pydantic import computed_field, field_serializer

from mainspring.core import ids
from mainspring.core.http.row_rendering import OddValue, row_renderer
from mainspring.core.http.schemas import Out


@dataclass(frozen=True, slots=True)
class Amount:
    cents: int
    currency: str


@dataclass(frozen=True, slots=True)
class Thing:
    id: UUID
    name: str
    stock: int
    rate: float
    is_sold: bool
    made_at: datetime
    sold_at: datetime | None
    kind: str
    secret: str
    cents: int

    @property
    def price(self) -> Amount:
        return Amount(self.cents, "EUR")


class AmountOut(Out):
    cents: int
    currency: str


class ThingOut(Out):
    id: UUID
    name: str
    stock: int
    rate: float
    is_sold: bool
    made_at: datetime
    sold_at: datetime | None
    kind: Literal["small", "large"]
    price: AmountOut


THING = Thing(ids.new(), 'A "thing" \u00e9', 3, 0.5, True, datetime(2026, 1, 2, 3, 4, 5, 6, UTC), None, "small", "hidden", 1999)


@pytest.mark.parametrize("thing", [THING, replace(THING, sold_at=datetime(2026, 1, 2, tzinfo=UTC), rate=-1e-7, name="")])
def test_rows_are_rendered_as_their_models_are(thing):
    render = row_renderer(ThingOut)

    assert render is not None
    assert render([thing, thing]) == b"[%b,%b]" % ((ThingOut.of(thing).model_dump_json(by_alias=True).encode(),) * 2)


def test_an_undeclared_field_never_leaves():
    render = row_renderer(ThingOut)

    assert render is not None
    assert "secret" not in json.loads(render([THING]))[0]


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": None},
        {"stock": "3"},
        {"stock": True},
        {"id": str(THING.id)},
        {"kind": "odd"},
        {"stock": 2**70},
        {"name": "\ud800"},
    ],
)
def test_a_value_of_another_type_is_refused(wrong: dict[str, Any]):
    render = row_renderer(ThingOut)

    assert render is not None
    with pytest.raises(OddValue):
        render([THING, replace(THING, **wrong)])


def test_a_missing_attribute_is_refused():
    render = row_renderer(ThingOut)

    assert render is not None
    with pytest.raises(OddValue):
        render([Amount(1, "EUR")])


class Computed(Out):
    id: UUID

    @computed_field  # type: ignore[prop-decorator]
    @property
    def twice(self) -> str:
        return f"{self.id}{self.id}"


class Serialized(Out):
    name: str

    @field_serializer("name")
    def loudly(self, name: str) -> str:
        return name.upper()


class Listed(Out):
    names: list[str]


@pytest.mark.parametrize("model", [Computed, Serialized, Listed, dict])
def test_a_model_that_does_more_than_name_fields_is_left_to_the_model(model: type):
    assert row_renderer(model) is None
