"""What breaks clients of an earlier contract, and what does not; the program keeps what was released."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from mainspring.core.application import create_application
from mainspring.entrypoints.contract.breaking import breaks
from mainspring.entrypoints.http import create_app
from mainspring.testing.databases import settings_for

RELEASED = Path(__file__).parents[3] / "docs" / "contract" / "openapi-0.1.json"
Document = dict[str, Any]

LAMP: Document = {
    "type": "object",
    "required": ["id", "name", "state"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "name": {"type": "string", "maxLength": 100},
        "state": {"type": "string", "enum": ["on", "off"]},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    },
}
WISH: Document = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 100},
        "watts": {"type": "integer", "minimum": 1, "maximum": 60, "format": "int32"},
        "colour": {"type": "string", "enum": ["red", "blue"]},
        "tags": {"type": "array", "maxItems": 5, "items": {"type": "string"}},
    },
}


def json_of(name: str) -> Document:
    return {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}}


CONTRACT: Document = {
    "paths": {
        "/lamps": {
            "get": {
                "operationId": "listLamps",
                "security": [],
                "parameters": [
                    {"name": "limit", "in": "query", "required": False, "schema": {"type": "integer", "maximum": 100}},
                ],
                "responses": {"200": json_of("Lamp"), "404": {"description": "None."}},
            },
            "post": {
                "operationId": "createLamp",
                "security": [{"BearerAuth": []}],
                "requestBody": json_of("Wish"),
                "responses": {"201": json_of("Lamp")},
            },
        }
    },
    "components": {"schemas": {"Lamp": LAMP, "Wish": WISH}},
}

Change = Callable[[Document], object]


def changed(change: Change) -> list[str]:
    """The breaks after a change of the contract."""
    new = copy.deepcopy(CONTRACT)
    change(new)
    return breaks(CONTRACT, new)


def lamps(document: Document) -> Document:
    paths: Document = document["paths"]["/lamps"]
    return paths


def fields(document: Document, name: str) -> Document:
    properties: Document = document["components"]["schemas"][name]["properties"]
    return properties


BREAKING: dict[str, Change] = {
    "GET /lamps: the operation is gone": lambda new: lamps(new).pop("get"),
    "GET /lamps: operationId was listLamps and is allLamps": lambda new: lamps(new)["get"].update(operationId="allLamps"),
    "GET /lamps: was public and needs a session": lambda new: lamps(new)["get"].update(security=[{"BearerAuth": []}]),
    "GET /lamps query limit: the parameter is gone": lambda new: lamps(new)["get"]["parameters"].clear(),
    "GET /lamps query limit: has become required": lambda new: lamps(new)["get"]["parameters"][0].update(required=True),
    "GET /lamps query limit: maximum was 100 and is 50": lambda new: lamps(new)["get"]["parameters"][0]["schema"].update(
        maximum=50
    ),
    "GET /lamps query shop: is new and required": lambda new: lamps(new)["get"]["parameters"].append(
        {"name": "shop", "in": "query", "required": True, "schema": {"type": "string"}}
    ),
    "GET /lamps 200.note: the field is gone": lambda new: fields(new, "Lamp").pop("note"),
    "GET /lamps 200.name: may be left out now": lambda new: new["components"]["schemas"]["Lamp"]["required"].remove("name"),
    "GET /lamps 200.name: was string and is integer": lambda new: fields(new, "Lamp").update(name={"type": "integer"}),
    "GET /lamps 200.name: may now be null": lambda new: fields(new, "Lamp").update(
        name={"anyOf": [{"type": "string"}, {"type": "null"}]}
    ),
    "GET /lamps 200.id: the format was uuid and is free": lambda new: fields(new, "Lamp")["id"].pop("format"),
    "GET /lamps 200.state: the value off is gone": lambda new: fields(new, "Lamp")["state"].update(enum=["on"]),
    "GET /lamps 200: is not answered any more": lambda new: lamps(new)["get"]["responses"].pop("200"),
    "GET /lamps 202: is a success that clients do not know": lambda new: lamps(new)["get"]["responses"].update({"202": {}}),
    "POST /lamps body: has become required": lambda new: lamps(new)["post"]["requestBody"].update(required=True),
    "POST /lamps body.watts: has become required": lambda new: new["components"]["schemas"]["Wish"]["required"].append("watts"),
    "POST /lamps body.watts: minimum was 1 and is 5": lambda new: fields(new, "Wish")["watts"].update(minimum=5),
    "POST /lamps body.colour: the value blue is gone": lambda new: fields(new, "Wish")["colour"].update(enum=["red"]),
    "POST /lamps body.colour: the field is gone": lambda new: fields(new, "Wish").pop("colour"),
    "POST /lamps body.tags: maxItems was 5 and is 4": lambda new: fields(new, "Wish")["tags"].update(maxItems=4),
    "POST /lamps body.tags[]: was string and is integer": lambda new: fields(new, "Wish")["tags"].update(
        items={"type": "integer"}
    ),
    "POST /lamps body.name: the pattern was none and is ^a": lambda new: fields(new, "Wish")["name"].update(pattern="^a"),
    "POST /lamps body.name: maxLength was 100 and is 99": lambda new: fields(new, "Wish")["name"].update(maxLength=99),
}


@pytest.mark.parametrize("sentence", BREAKING)
def test_a_break_is_named(sentence: str) -> None:
    assert sentence in changed(BREAKING[sentence])


def test_a_new_input_that_must_be_given_breaks() -> None:
    def change(new: Document) -> None:
        fields(new, "Wish")["price"] = {"type": "integer"}
        new["components"]["schemas"]["Wish"]["required"].append("price")

    assert changed(change) == ["POST /lamps body.price: is new and required"]


ADDITIONS: dict[str, Change] = {
    "nothing": lambda new: None,
    "an operation": lambda new: new["paths"].update({"/chairs": {"get": {"operationId": "listChairs", "responses": {}}}}),
    "a field of an answer": lambda new: fields(new, "Lamp").update(weight={"type": "integer"}),
    "an input that may be left out": lambda new: fields(new, "Wish").update(weight={"type": "integer"}),
    "a parameter that may be left out": lambda new: lamps(new)["get"]["parameters"].append(
        {"name": "sort", "in": "query", "required": False, "schema": {"type": "string"}}
    ),
    "a wider bound": lambda new: fields(new, "Wish")["watts"].update(maximum=100, minimum=0, format="int64"),
    "an input that may be null": lambda new: fields(new, "Wish").update(
        name={"anyOf": [{"type": "string", "minLength": 1, "maxLength": 100}, {"type": "null"}]}
    ),
    "another value": lambda new: fields(new, "Wish")["colour"].update(enum=["red", "blue", "green"]),
    "an error": lambda new: lamps(new)["get"]["responses"].update({"409": {"description": "No."}}),
    "an error less": lambda new: lamps(new)["get"]["responses"].pop("404"),
    "304 beside 200": lambda new: lamps(new)["get"]["responses"].update({"304": {"description": "Not changed."}}),
    "no session needed any more": lambda new: lamps(new)["post"].update(security=[]),
}


@pytest.mark.parametrize("name", ADDITIONS)
def test_additions_are_fine(name: str) -> None:
    assert changed(ADDITIONS[name]) == []


def test_a_schema_that_holds_itself_is_compared_once() -> None:
    tree = copy.deepcopy(CONTRACT)
    fields(tree, "Lamp")["inside"] = {"$ref": "#/components/schemas/Lamp"}

    assert breaks(tree, copy.deepcopy(tree)) == []


def test_clients_of_the_released_contract_go_on_working(tmp_path: Path) -> None:
    settings = settings_for(f"sqlite:///{tmp_path}/unused.db", tmp_path, {})
    document = orjson.loads(orjson.dumps(create_app(create_application(settings)).openapi()))

    found = breaks(orjson.loads(RELEASED.read_bytes()), document)

    assert found == [], "docs/guides/front-end.md says how to accept a break"
